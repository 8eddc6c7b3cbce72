/// What a worker loop needs to know besides its runner.
package struct WorkerConfiguration: Sendable {
    /// The rank that coordinates.
    package var coordinator = 0
    /// Batches that are held at once, the running one included; 2 is one ahead.
    package var credit = 2
    /// How often the worker says that it is alive.
    package var heartbeat: Duration = .seconds(2)
    /// The worker gives up when the coordinator is not heard for this long, so that an orphan ends by itself.
    package var coordinatorSilenceLimit: Duration = .seconds(600)
    /// The same after the coordinator's stop, when all that is missing is its dismissal.
    package var dismissalLimit: Duration = .seconds(60)

    /// One batch ahead, a heartbeat every 2 seconds.
    package init() {}
}

/// How a worker's part ended.
package enum WorkerOutcome: Sendable, Hashable, CustomStringConvertible {
    /// All batches are done.
    case finished
    /// The run was drained, stopped or failed.
    case stopped
    /// The coordinator did not want this worker.
    case refused(String)
    /// The worker could not get ready, or not go on.
    case unprepared(String)
    /// The coordinator died, or was not heard any more.
    case coordinatorLost(String)

    /// A sentence for the log.
    package var description: String {
        switch self {
        case .finished: "All batches are done."
        case .stopped: "The run was stopped; the same command resumes it."
        case .refused(let why): "The coordinator refused this worker: \(why)."
        case .unprepared(let why): "This worker took no further part: \(why)"
        case .coordinatorLost(let why): "The coordinator is lost: \(why); the same command resumes the run."
        }
    }
}

/// How a worker's part ended, and whether everybody was alive then.
package struct WorkerEnd: Sendable, Hashable {
    /// How it ended.
    package let outcome: WorkerOutcome
    /// False where a rank is missing, or nobody knows: MPI must not be finalized then.
    package let everyoneAlive: Bool
}
