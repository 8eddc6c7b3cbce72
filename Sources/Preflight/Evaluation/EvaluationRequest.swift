internal import Files
package import Method
package import Planning

/// What somebody wants to have evaluated, as the command line says it.
package struct EvaluationRequest: Sendable {
    /// A run directory, or a folder of media files.
    package var generated: String
    /// What it is compared with; nil where no metric compares.
    package var reference: String?
    package var settings: EvaluationSettings
    /// The folder in which the networks lie under their published names.
    package var networks: String?
    /// Networks that lie elsewhere.
    package var networkFiles: [EvaluationModel: String] = [:]
    package var device = Job.Device.auto
    package var threads: Int?
    package var gather = Job.Gather.shared

    package init(generated: String, reference: String?, settings: EvaluationSettings) {
        self.generated = generated
        self.reference = reference
        self.settings = settings
    }

    /// The job that takes the features.
    /// - Throws: ``EvaluationPlanError`` where something is missing that a metric needs.
    func job() throws(EvaluationPlanError) -> FeatureJob {
        var sources = [
            FeatureJob.Source(
                side: .generated, path: generated, features: Array(settings.generatedFeatures))
        ]
        if reference == nil, let metric = settings.metrics.first(where: \.needsReference) {
            throw .noReference(metric: metric.description)
        }
        if let reference, !settings.referenceFeatures.isEmpty {
            sources.append(
                FeatureJob.Source(side: .reference, path: reference, features: Array(settings.referenceFeatures)))
        }
        var files: [String: String] = [:]
        for model in Set(sources.flatMap(\.features).compactMap(\.model)) {
            files[model.name] = try file(of: model)
        }
        var job = FeatureJob(sources: sources, networks: files)
        (job.device, job.threads, job.gather) = (device, threads, gather)
        return job
    }

    private func file(of model: EvaluationModel) throws(EvaluationPlanError) -> String {
        if let file = networkFiles[model] { return file }
        guard let networks else { throw .noNetwork(model.name, file: model.usualFiles[0]) }
        let files = model.usualFiles.map { "\(networks)/\($0)" }
        return files.first { PathKind($0) == .file } ?? files[0]
    }
}

/// Why nothing can be evaluated.
package enum EvaluationPlanError: Error, Equatable, CustomStringConvertible {
    case noReference(metric: String)
    case noNetwork(String, file: String)
    case set(EvaluatedSetError)
    case models([String])
    case room(output: String, free: Int64, needed: Int64)
    case failed(String)

    package var description: String {
        switch self {
        case .noReference(let metric):
            "\(metric) compares with a reference, and none is given: name a run or a folder with --reference"
        case .noNetwork(let name, let file):
            "\(name) is needed: give the folder that has \(file) with --networks, or the file itself with --network \(name)=FILE"
        case .set(let error): error.description
        case .room(let output, let free, let needed):
            "the disk of \(output) has \(ByteText.short(free)) free and the features need \(ByteText.short(needed)); free some, or give --out on another disk"
        case .models(let problems): problems.joined(separator: "\n")
        case .failed(let sentence): sentence
        }
    }
}
