/// What a coordinator loop needs to know besides its batches.
package struct CoordinatorConfiguration: Sendable {
    /// The number of this start on the run, 1 or more, greater than at every start before.
    package var epoch: UInt64
    /// SHA-256 of the run's configuration; a worker that read another one is refused.
    package var configSHA256: String
    /// Samples of the whole run, with those of finished batches.
    package var samplesTotal: Int
    /// Samples that were made before this start.
    package var samplesDoneBefore: Int
    /// Samples that had failed before this start, in batches that are not done again.
    package var samplesFailedBefore: Int
    /// The policy of assignment.
    package var policy = AssignmentPolicy()
    /// A worker that is not heard for this long is given up until it is heard again.
    package var silenceLimit: Duration = .seconds(30)
    /// The run ends when no worker is there for this long, at its start or later.
    package var helloLimit: Duration = .seconds(120)
    /// How long a drained run waits for what runs; then it is given up.
    package var drainLimit: Duration = .seconds(60)
    /// How long the end waits for workers to say goodbye.
    package var farewellLimit: Duration = .seconds(30)
    /// How often silence and late batches are looked for, and progress is told.
    package var tick: Duration = .seconds(1)

    /// A configuration with the default policy and limits.
    package init(
        epoch: UInt64, configSHA256: String, samplesTotal: Int, samplesDoneBefore: Int = 0, samplesFailedBefore: Int = 0
    ) {
        self.epoch = epoch
        self.configSHA256 = configSHA256
        self.samplesTotal = samplesTotal
        self.samplesDoneBefore = samplesDoneBefore
        self.samplesFailedBefore = samplesFailedBefore
    }
}
