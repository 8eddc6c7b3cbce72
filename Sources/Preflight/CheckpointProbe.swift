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

    /// The files of both models, or every problem with them.
    package func inspect(_ job: Job) -> ModelInspection {
        var inspection = ModelInspection()
        var found: [(role: String, location: ModelLocation, files: [String])] = []
        do {
            let needed = ModelComponent.audioLDM.flatMap(\.usualFiles)
            let location = try cache.resolve(job.models.audio, files: needed)
            let check = try ModelFolder(location).check(ModelComponent.audioLDM)
            inspection.problems += check.problems.map { "models.audio: \($0)" }
            found.append(("audio", location, check.components.flatMap(\.files)))
        } catch {
            inspection.problems.append("models.audio: \(error)")
        }
        do {
            let location = try cache.resolve(job.models.binder, files: ImageBindFiles.usualFiles)
            let files = try ImageBindFiles(location, vocabulary: job.models.vocabulary)
            let weights = try WeightFile.open(files.weights)
            let parts = Set(weights.records.map(\.file.path)).union([files.weights]).sorted()
            found.append(("binder", location, parts + [files.config, files.vocabulary].compactMap { $0 }))
        } catch {
            inspection.problems.append("models.binder: \(error)")
        }
        guard inspection.problems.isEmpty else { return inspection }
        for (role, location, files) in found {
            let results = ParallelMap.map(Set(files).sorted(), threads: threads) { file in
                Self.identity(of: file, below: location.path, hash: job.inputHash)
            }
            var identities: [ModelIdentity.File] = []
            for result in results {
                switch result {
                case .success(let file): identities.append(file)
                case .failure(let failure): inspection.problems.append("models.\(role): \(failure.text)")
                }
            }
            inspection.models.append(
                ModelIdentity(
                    role: role, path: location.path, files: identities.sorted { $0.name < $1.name },
                    license: ModelCard.license(of: location)))
        }
        return inspection
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
