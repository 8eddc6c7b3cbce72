internal import Files
internal import JSON
internal import Method

extension FeatureJob {
    /// The hash that says whether two runs must give the same bytes: of the features, the plan's rows and the networks' content.
    func identity(planSHA256: String, models: [ModelIdentity]) -> String {
        struct Identity: Encodable {
            let features: FeatureJob
            let plan: String
            let models: [ModelIdentity]
        }
        let identity = Identity(features: withoutPlaces, plan: planSHA256, models: models.map(\.withoutPlace))
        // These types hold finite numbers and text only, so encoding them cannot fail.
        return SHA256.hexadecimalDigest(of: (try? JSONCoding.encode(identity)) ?? [])
    }

    private var withoutPlaces: FeatureJob {
        var job = self
        job.sources = sources.map { Source(side: $0.side, path: "", features: $0.features) }
        job.networks = [:]
        job.gather = .shared
        job.inputHash = .full
        return job
    }

    /// What is wrong with the numbers by which is counted, multiplied and allocated, or nil.
    var problem: String? {
        let problems = [
            Planning.outside("batch", batch, 1...4096), Planning.outside("shard", shard, 1...1_000_000),
            Planning.outside("threads", threads ?? 1, 1...1 << 16),
            Set(sources.map(\.side)).count == sources.count ? nil : "two sources are of the same side",
        ]
        return problems.compactMap { $0 }.first
    }
}
