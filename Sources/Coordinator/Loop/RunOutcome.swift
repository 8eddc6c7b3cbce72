/// How a run ended.
package enum RunOutcome: Sendable, Hashable {
    /// Every sample was made.
    case complete
    /// Every batch is settled; some samples, or whole batches, failed.
    case completeWithFailures
    /// Drained or stopped with batches left.
    case stopped
    /// Nobody is left to do the rest.
    case noWorkersLeft(NoWorkers)
}

/// How a run ended, and who was there at the end.
package struct RunEnd: Sendable, Hashable {
    /// How it ended.
    package let outcome: RunOutcome
    /// Ranks that did not say goodbye: dead, silent, stuck, or never come. While there are any, MPI must not be
    /// finalized, because nobody knows whether they would take part.
    package let missing: [Int]
    /// The last state.
    package let progress: RunProgress
}

/// Why nobody is left.
package enum NoWorkers: Error, Sendable, Hashable, CustomStringConvertible {
    /// No worker said hello in time.
    case nobodyCame(after: Duration)
    /// Every worker that there was is gone; the last sentences tell which and why, and whether what the last one lacked may pass.
    case everyoneLeft([String], mayPass: Bool = false)

    /// A sentence with the remedy.
    package var description: String {
        switch self {
        case .nobodyCame(let limit):
            "No worker said hello within \(limit); look into the ranks' logs for what holds them up at their start."
        case .everyoneLeft(let reasons, _):
            "No worker is left (\(reasons.joined(separator: "; "))); the same command resumes the run."
        }
    }
}

/// What ends a run although its workers are well.
package enum CoordinatorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Messages go neither out nor in.
    case transport(String)
    /// The task that ran the loop was cancelled.
    case cancelled

    /// A sentence with the remedy.
    package var description: String {
        switch self {
        case .transport(let why): "The connection to the workers broke: \(why). The same command resumes the run."
        case .cancelled: "The coordinator was cancelled; the same command resumes the run."
        }
    }
}
