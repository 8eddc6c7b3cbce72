internal import Method
internal import Planning
internal import Preflight

/// Looks at the networks of a run of features as the ranks will: files, then every key and shape. No weight is read.
struct FeatureNetworkProbe: FeatureModelProbe {
    private let files = CheckpointProbe()

    func inspect(_ job: FeatureJob) -> ModelInspection {
        var inspection = files.inspect(job)
        guard inspection.problems.isEmpty else { return inspection }
        for (role, path) in job.networks.sorted(by: { $0.key < $1.key }) {
            guard let model = EvaluationModel(role) else { continue }
            do {
                try FeatureNetworks.check(model, at: path)
            } catch {
                inspection.problems.append("\(role): \(error)")
            }
        }
        return inspection
    }
}
