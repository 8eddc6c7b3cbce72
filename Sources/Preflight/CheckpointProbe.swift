import Checkpoint
package import Coordinator
import Foundation

/// Finds a job's models as folders, files or repositories of the Hugging Face cache, and checks that they can be loaded:
/// every file is there, weights have sound headers, configurations are JSON. No weight is read except to hash it.
package struct CheckpointProbe: ModelProbe {
    private let cache: HuggingFaceCache
    private let threads: Int

    /// - Parameters:
    ///   - environment: Where the cache's place is looked up.
    ///   - threads: Files that are hashed at once.
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) {
        cache = HuggingFaceCache(environment: environment)
        self.threads = threads
    }

    /// A model that was found.
    private struct Found {
        let role: String
        let location: ModelLocation
        /// Everything that loading would read.
        let files: [String]
    }

    /// The files of every model and list that the job names, or every problem with them.
    package func inspect(_ job: Job) -> ModelInspection {
        var inspection = ModelInspection()
        var found: [Found] = []
        if let name = job.models.audio {
            found += folder(name, as: "audio", ModelComponent.audioLDM, &inspection.problems)
        }
        if let name = job.models.image {
            found += folder(name, as: "image", ModelComponent.stableDiffusion, &inspection.problems)
        }
        if let name = job.models.motion {
            do {
                let location = try cache.resolve(name, files: MotionAdapterFiles.usualFiles)
                let files = try MotionAdapterFiles(location)
                let weights = try WeightFile.open(files.weights)
                inspection.maximumFrames = try Self.maximumFrames(files, weights)
                found.append(
                    Found(
                        role: "motion", location: location,
                        files: Self.parts(of: weights) + [files.config].compactMap { $0 }))
            } catch {
                inspection.problems.append("models.motion: \(error)")
            }
        }
        do {
            let location = try cache.resolve(job.models.binder, files: ImageBindFiles.usualFiles)
            let files = try ImageBindFiles(location, vocabulary: job.models.vocabulary)
            let parts = Self.parts(of: try WeightFile.open(files.weights))
            found.append(
                Found(
                    role: "binder", location: location,
                    files: parts + [files.config, files.vocabulary].compactMap { $0 }))
        } catch {
            inspection.problems.append("models.binder: \(error)")
        }
        if job.caption == .labels, let path = job.labels {
            do {
                _ = try LabelList(path: path)
                found.append(Found(role: "labels", location: try cache.resolve(path), files: [path]))
            } catch {
                inspection.problems.append("\(error)")
            }
        }
        guard inspection.problems.isEmpty else { return inspection }
        for model in found {
            let results = ParallelMap.map(Set(model.files).sorted(), threads: threads) { file in
                Self.identity(of: file, below: model.location.path, hash: job.inputHash)
            }
            var identities: [ModelIdentity.File] = []
            for result in results {
                switch result {
                case .success(let file): identities.append(file)
                case .failure(let failure): inspection.problems.append("models.\(model.role): \(failure.text)")
                }
            }
            inspection.models.append(
                ModelIdentity(
                    role: model.role, path: model.location.path, files: identities.sorted { $0.name < $1.name },
                    // A list of labels is no model: a README.md beside it says nothing of it.
                    license: model.role == "labels" ? nil : ModelCard.license(of: model.location)))
        }
        return inspection
    }

    /// A model in a diffusers folder.
    private func folder(
        _ name: String, as role: String, _ components: [ModelComponent], _ problems: inout [String]
    ) -> [Found] {
        do {
            let location = try cache.resolve(name, files: components.flatMap(\.usualFiles))
            let check = try ModelFolder(location).check(components)
            problems += check.problems.map { "models.\(role): \($0)" }
            return [Found(role: role, location: location, files: check.components.flatMap(\.files))]
        } catch {
            problems.append("models.\(role): \(error)")
            return []
        }
    }

    /// The files of one checkpoint.
    private static func parts(of weights: WeightFile) -> [String] {
        Set(weights.records.map(\.file.path)).union([weights.path]).sorted()
    }

    /// The most frames that a motion adapter has positions for: what its configuration says, else the length of its
    /// shortest table of positions, `[1, frames, channels]`; nil where neither is there.
    private static func maximumFrames(_ files: MotionAdapterFiles, _ weights: WeightFile) throws -> Int? {
        struct Configuration: Decodable { let motion_max_seq_length: Int? }
        if let config = files.config {
            // 32 is what diffusers puts in.
            return try ModelFolder.config(Configuration.self, at: config).motion_max_seq_length ?? 32
        }
        return weights.records.filter { $0.name.hasSuffix("pos_encoder.pe") && $0.shape.count == 3 }.map { $0.shape[1] }
            .min()
    }

    private static func identity(
        of path: String, below folder: String, hash: Job.InputHash
    ) -> Result<ModelIdentity.File, FileIdentity.Failure> {
        let name =
            path.hasPrefix("\(folder)/")
            ? String(path.dropFirst(folder.count + 1)) : URL(filePath: path).lastPathComponent
        do throws(FileIdentity.Failure) {
            let identity = try FileIdentity(path: path, hashing: hash == .full)
            return .success(
                ModelIdentity.File(
                    name: name, bytes: identity.bytes, sha256: identity.sha256,
                    modified: hash == .stat ? identity.modified : nil))
        } catch {
            return .failure(FileIdentity.Failure(text: "\(path): \(error.text)"))
        }
    }
}
