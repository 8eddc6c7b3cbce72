internal import Method

extension FeatureJob {
    /// The settings without places and without what leaves every byte of the shards as it is.
    var withoutPlaces: FeatureJob {
        var job = self
        job.sources = sources.map { Source(side: $0.side, path: "", features: $0.features) }
        job.networks = [:]
        job.gather = .shared
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
