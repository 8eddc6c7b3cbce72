internal import Files
internal import JSON
internal import Method

extension Job {
    /// The hash that says whether two runs must give the same bytes: of the job, the plan's rows and the models' content.
    func identity(planSHA256: String, models: [ModelIdentity]) -> String {
        struct Identity: Encodable {
            let job: Job
            let plan: String
            let models: [ModelIdentity]
        }
        let identity = Identity(job: withoutPlaces, plan: planSHA256, models: models.map(\.withoutPlace))
        // These types hold finite numbers and text only, so encoding them cannot fail.
        return SHA256.hexadecimalDigest(of: (try? JSONCoding.encode(identity)) ?? [])
    }

    /// The work of a sample, in units of `SampleCost`.
    func cost(of sample: PlannedSample) -> Double {
        SampleCost.of(sample.extent, settings(for: sample.task), clips: clips)
    }

    /// The job without the places it was read from and without what leaves every byte of the shards as it is.
    private var withoutPlaces: Job {
        var job = self
        job.manifest = ""
        job.manifestFormat = .auto
        job.root = nil
        job.split = nil
        job.models = ModelReferences([.imageBind: ""])
        job.labels = nil
        job.gather = .shared
        job.invalidRows = .fail
        job.inputHash = .full
        return job
    }
}
