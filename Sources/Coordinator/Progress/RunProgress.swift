/// How far a run is, at one moment.
package struct RunProgress: Sendable, Hashable, Codable {
    /// Samples that were made, before this start too.
    package let samplesDone: Int
    /// Samples that failed, before this start too.
    package let samplesFailed: Int
    /// Samples of the whole run.
    package let samplesTotal: Int
    /// Time since this start.
    package let elapsedSeconds: Double
    /// Samples settled per hour since this start; nil before the first.
    package let ratePerHour: Double?
    /// Time left at that rate; nil before the first sample.
    package let etaSeconds: Double?
    /// Workers that are there.
    package let workers: Int
    /// Workers that hold a batch.
    package let workersBusy: Int

    /// Samples that are neither made nor failed.
    package var samplesLeft: Int { max(0, samplesTotal - samplesDone - samplesFailed) }
}

/// Counts samples and makes ``RunProgress`` of them: the rate is what this start settled over the time since, so that
/// what was done before a resume does not flatter it.
struct ProgressMeter: Sendable {
    let total: Int
    let before: (done: Int, failed: Int)
    private var done = 0
    private var failed = 0

    init(total: Int, doneBefore: Int, failedBefore: Int) {
        self.total = total
        before = (doneBefore, failedBefore)
    }

    mutating func count(done: Int, failed: Int) {
        self.done += done
        self.failed += failed
    }

    func progress(elapsed: Duration, workers: Int, busy: Int) -> RunProgress {
        let seconds = elapsed / .seconds(1)
        let settled = done + failed
        let perSecond = settled > 0 && seconds > 0 ? Double(settled) / seconds : nil
        let left = max(0, total - before.done - before.failed - settled)
        return RunProgress(
            samplesDone: before.done + done, samplesFailed: before.failed + failed, samplesTotal: total,
            elapsedSeconds: seconds, ratePerHour: perSecond.map { $0 * 3600 },
            etaSeconds: perSecond.map { Double(left) / $0 }, workers: workers, workersBusy: busy)
    }
}
