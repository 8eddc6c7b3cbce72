import Checkpoint
internal import Files
import Foundation
internal import Method
package import Planning

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

    /// The files of every model and list that the job names, or every problem with them.
    package func inspect(_ job: Job) -> ModelInspection {
        var inspection = ModelInspection()
        var found: [(role: String, check: ModelFamilyCheck)] = []
        for family in ModelFamily.allCases {
            guard let reference = job.models[family] else { continue }
            let name = "models.\(family.rawValue)"
            do {
                let check = try family.check(reference, vocabulary: job.models.vocabulary, cache: cache)
                inspection.problems += check.problems.map { "\(name): \($0)" }
                inspection.maximumFrames = check.maximumFrames ?? inspection.maximumFrames
                found.append((family.rawValue, check))
            } catch {
                inspection.problems.append("\(name): \(error)")
            }
        }
        if job.caption == .labels, let path = job.labels {
            do {
                _ = try LabelList(path: path)
                found.append((ModelIdentity.labels, ModelFamilyCheck(location: try cache.resolve(path), files: [path])))
            } catch {
                inspection.problems.append("\(error)")
            }
        }
        guard inspection.problems.isEmpty else { return inspection }
        for (role, check) in found {
            let results = ParallelMap.map(Set(check.files).sorted(), threads: threads) { file in
                Self.identity(of: file, below: check.location.path, hash: job.inputHash)
            }
            var identities: [ModelIdentity.File] = []
            for result in results {
                switch result {
                case .success(let file): identities.append(file)
                case .failure(let error): inspection.problems.append("models.\(role): \(error.path): \(error.reason)")
                }
            }
            inspection.models.append(
                ModelIdentity(
                    role: role, path: check.location.path, files: identities.sorted { $0.name < $1.name },
                    // A list of labels is no model: a README.md beside it says nothing of it.
                    license: role == ModelIdentity.labels ? nil : ModelCard.license(of: check.location)))
        }
        return inspection
    }

    private static func identity(
        of path: String, below folder: String, hash: Job.InputHash
    ) -> Result<ModelIdentity.File, FileError> {
        let name =
            path.hasPrefix("\(folder)/")
            ? String(path.dropFirst(folder.count + 1)) : URL(filePath: path).lastPathComponent
        do throws(FileError) {
            let identity = try FileIdentity(path: path, hashing: hash == .full)
            return .success(
                ModelIdentity.File(
                    name: name, bytes: identity.bytes, sha256: identity.sha256,
                    modified: hash == .stat ? identity.modified : nil))
        } catch {
            return .failure(error)
        }
    }
}
