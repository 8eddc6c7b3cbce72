internal import Method
internal import Planning
internal import Preflight

/// Looks at the networks of a run of features as the ranks will: files, then every key and shape. No weight is read.
struct FeatureNetworkProbe: FeatureModelProbe {
    private let files = CheckpointProbe()

    func inspect(_ job: FeatureJob) -> ModelInspection {
        files.inspect(job).followed(
            by: job.networks.sorted { $0.key < $1.key }.map { role, path in
                { if let model = EvaluationModel(role) { try FeatureNetworks.check(model, at: path) } }
            })
    }
}
