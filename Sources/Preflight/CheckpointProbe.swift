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
        let located = locate(job)
        inspection.problems = located.problems
        inspection.maximumFrames = located.maximumFrames
        inspection.labels = located.labels
        identify(located, hashing: job.inputHash == .full, &inspection)
        return inspection
    }

    /// The files of every network that features need, or every problem with them.
    package func inspect(_ job: FeatureJob) -> ModelInspection {
        var inspection = ModelInspection()
        let located = locate(job)
        inspection.problems = located.problems
        // By content: results name the weights that they were taken with.
        identify(located, hashing: true, &inspection)
        return inspection
    }

    /// The files of the generator that redraws pictures, or every problem with them.
    package func inspect(_ pictures: PictureJob) -> ModelInspection {
        var inspection = ModelInspection()
        let located = locate(pictures)
        inspection.problems = located.problems
        identify(located, hashing: pictures.job.inputHash == .full, &inspection)
        return inspection
    }

    /// Where the generator is that redraws pictures. No weight is read.
    func locate(_ pictures: PictureJob) -> LocatedModels {
        var located = LocatedModels()
        do {
            let check = ModelFamilyCheck(
                location: try cache.resolve(pictures.model), files: try WeightFile.open(pictures.model).parts)
            located.models.append(LocatedModels.Model(PictureJob.role, check))
        } catch {
            located.problems.append("\(error)")
        }
        return located
    }

    /// What is in the files of models that have no problem.
    private func identify(_ located: LocatedModels, hashing: Bool, _ inspection: inout ModelInspection) {
        guard inspection.problems.isEmpty else { return }
        for model in located.models {
            let results = ParallelMap.map(model.files, threads: threads) { file in
                Result { () throws(FileError) in try FileIdentity(path: file.path, hashing: hashing) }
            }
            var identities: [ModelIdentity.File] = []
            for (file, result) in zip(model.files, results) {
                switch result {
                case .success(let found):
                    identities.append(
                        ModelIdentity.File(
                            name: file.name, bytes: found.bytes, sha256: found.sha256,
                            modified: hashing ? nil : found.modified))
                case .failure(let error):
                    inspection.problems.append("models.\(model.role): \(error.path): \(error.reason)")
                }
            }
            inspection.models.append(
                ModelIdentity(
                    role: model.role, path: model.location.path, files: identities.sorted { $0.name < $1.name },
                    // A list of labels is no model: a README.md beside it says nothing of it.
                    license: model.role == ModelIdentity.labels ? nil : ModelCard.license(of: model.location)))
        }
    }

    /// Where the files of every network are that a job of features names. No weight is read.
    func locate(_ job: FeatureJob) -> LocatedModels {
        var located = LocatedModels()
        for (role, path) in job.networks.sorted(by: { $0.key < $1.key }) {
            do {
                let check =
                    EvaluationModel(role) == .imageBind
                    ? try ModelFamily.imageBind.check(path, vocabulary: nil, cache: cache)
                    : ModelFamilyCheck(location: try cache.resolve(path), files: try WeightFile.open(path).parts)
                located.models.append(LocatedModels.Model(role, check))
            } catch {
                located.problems.append("\(role): \(error)")
            }
        }
        return located
    }

    /// Where the files of every model and list are that the job names. No weight is read.
    func locate(_ job: Job) -> LocatedModels {
        var located = LocatedModels()
        for family in ModelFamily.allCases {
            guard let reference = job.models[family] else { continue }
            let name = "models.\(family.rawValue)"
            do {
                let check = try family.check(reference, vocabulary: job.models.vocabulary, cache: cache)
                located.problems += check.problems.map { "\(name): \($0)" }
                located.maximumFrames = check.maximumFrames ?? located.maximumFrames
                located.models.append(LocatedModels.Model(family.rawValue, check))
            } catch {
                located.problems.append("\(name): \(error)")
            }
        }
        for medium in CaptionedMedium.allCases {
            guard let reference = job.captioner?[medium: medium] else { continue }
            let name = ModelIdentity.captioner(medium)
            do {
                let check = try medium.check(reference, cache: cache)
                located.problems += check.problems.map { "\(name): \($0)" }
                located.models.append(LocatedModels.Model(name, check))
            } catch {
                located.problems.append("\(name): \(error)")
            }
        }
        if job.usesLabels, let path = job.labels {
            do {
                located.labels = try LabelList(path: path).labels.count
                let check = ModelFamilyCheck(location: try cache.resolve(path), files: [path])
                located.models.append(LocatedModels.Model(ModelIdentity.labels, check))
            } catch {
                located.problems.append("\(error)")
            }
        }
        return located
    }
}

/// Where the models of a job are.
struct LocatedModels {
    struct Model {
        /// As in ``ModelIdentity``.
        let role: String
        let location: ModelLocation
        /// In ascending order of their paths.
        let files: [(name: String, path: String)]

        init(_ role: String, _ check: ModelFamilyCheck) {
            self.role = role
            location = check.location
            files = Set(check.files.map(ExactText.init)).sorted().map { path in
                let name = path.dropping(prefix: "\(check.location.path)/")
                return (name ?? URL(filePath: path.text).lastPathComponent, path.text)
            }
        }
    }

    var models: [Model] = []
    /// One sentence for each problem.
    var problems: [String] = []
    /// The most frames that the motion adapter has positions for; nil where the job names none, or its files do not tell.
    var maximumFrames: Int?
    /// Entries of the list of labels; nil where the job uses none.
    var labels: Int?
}
