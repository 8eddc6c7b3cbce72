internal import Method

extension Job {
    /// The work of a sample, in units of `SampleCost`.
    func cost(of sample: PlannedSample) -> Double {
        SampleCost.of(sample.extent, settings(for: sample.task), clips: clips)
    }

    /// The job without the places it was read from and without what leaves every byte of the shards as it is.
    var withoutPlaces: Job {
        var job = self
        job.manifest = ""
        job.manifestFormat = .auto
        job.root = nil
        job.split = nil
        job.models = ModelReferences([.imageBind: ""])
        job.labels = nil
        job.captioner?.image = nil
        job.captioner?.audio = nil
        job.captioner?.server = captioner?.server?.withoutPlaces
        job.gather = .shared
        job.invalidRows = .fail
        job.inputHash = .full
        return job
    }
}
