internal import Engine
internal import Logging
internal import Synchronization

/// Watches one batch: tells how far it is, adds up the time of its stages, and ends it where it was cancelled.
final class BatchObserver: SamplerObserver, Sendable {
    private struct State {
        var stages: [String: Double] = [:]
        var runs = 1
        var finishedRuns = 0
        var isCancelled = false
    }

    private let state = Mutex(State())
    private let progress: @Sendable (Double) -> Void
    private let log: Logger

    init(progress: @escaping @Sendable (Double) -> Void, log: Logger) {
        self.progress = progress
        self.log = log
    }

    var stages: [String: Double] { state.withLock { $0.stages } }

    func cancel() { state.withLock { $0.isCancelled = true } }

    /// So many runs of the sampler are to come.
    func expect(runs: Int) { state.withLock { $0.runs = max($0.finishedRuns + runs, 1) } }

    /// So many more than were expected.
    func expect(more runs: Int) { state.withLock { $0.runs += runs } }

    /// - Throws: `CancellationError` where the batch was cancelled.
    func checkCancellation() throws {
        if state.withLock({ $0.isCancelled }) { throw CancellationError() }
    }

    func ranOutOfMemory(samples: Int) {
        state.withLock { $0.runs += 1 }
        log.warning("\(samples) samples do not fit into memory together; they are computed in two halves.")
    }

    func willBegin(step: Int, of steps: Int) throws {
        let (share, cancelled) = state.withLock { state in
            if step == steps - 1 { state.finishedRuns += 1 }
            let done = Double(state.finishedRuns - (step == steps - 1 ? 1 : 0)) + Double(step) / Double(max(steps, 1))
            return (done / Double(state.runs), state.isCancelled)
        }
        if cancelled { throw CancellationError() }
        progress(min(share, 1))
    }

    func mayGoOn() throws { try checkCancellation() }

    func spent(_ seconds: Double, on stage: String) { state.withLock { $0.stages[stage, default: 0] += seconds } }
}

/// Watches a call of which nothing is kept: it ends with its batch, and is no part of its progress.
final class Rehearsal: SamplerObserver {
    private let observer: BatchObserver

    init(observer: BatchObserver) { self.observer = observer }

    func willBegin(step: Int, of steps: Int) throws { try observer.checkCancellation() }
    func mayGoOn() throws { try observer.checkCancellation() }
    func spent(_ seconds: Double, on stage: String) { observer.spent(seconds, on: "rehearsal") }
}
