extension Assignment {
    /// What happened. The time comes beside the event; see ``Assignment/handle(_:at:)``.
    package enum Event: Sendable, Hashable {
        /// A worker is ready and holds nothing. `credit` is how many batches it takes at once, the running one
        /// included: 2 is one ahead.
        case workerJoined(rank: Int, credit: Int)
        /// A worker takes another number of batches from now on; 0 while it drains by itself.
        case creditChanged(rank: Int, credit: Int)
        /// A worker is gone, or not heard any more.
        case workerLeft(rank: Int, reason: LeaveReason)
        /// A worker that had left as ``LeaveReason/silent(_:)`` is heard again, with what it held then.
        case workerReturned(rank: Int)
        /// A worker began to compute a batch.
        case batchStarted(rank: Int, batch: Int)
        /// A worker that does the samples of a batch one after the other begins this one, an index into the plan.
        case sampleBegun(rank: Int, batch: Int, sample: Int)
        /// A worker finished a batch; samples that failed in it are part of a finished batch.
        case batchFinished(rank: Int, batch: Int)
        /// A worker could not do a batch as a whole.
        case batchFailed(rank: Int, batch: Int, failure: BatchFailure)
        /// A worker no longer holds a batch and will not publish it: the answer to a cancel, and what a draining
        /// worker says of batches that it had not begun.
        case cancelAcknowledged(rank: Int, batch: Int)
        /// No new batch from now on; what runs is finished.
        case drainRequested
        /// End now; what runs is given up.
        case stopRequested
        /// Time has passed.
        case tick
    }

    /// Why a worker left.
    package enum LeaveReason: Sendable, Hashable, CustomStringConvertible {
        /// It said so, and why. Its batches go back without counting as attempts.
        case goodbye(String)
        /// Its process ended or its connection broke; it never comes again.
        case died
        /// The process that computes for it ended, and how; a new one is started in its place.
        case crashed(String)
        /// Nothing was heard of it for this long.
        case silent(Duration)

        /// Half a sentence, to follow "the worker".
        package var description: String {
            switch self {
            case .goodbye(let reason): "left: \(reason)"
            case .died: "died"
            case .crashed(let how): "lost its process: \(how)"
            case .silent(let time): "was silent for \(time)"
            }
        }

        /// A batch that was running when its worker went like this may be what took the worker down.
        var countsAsAttempt: Bool {
            if case .goodbye = self { false } else { true }
        }
    }

    /// What is to be done, in this order.
    package enum Action: Sendable, Hashable {
        /// Give the batch to the worker.
        case assign(batch: Int, rank: Int)
        /// Tell the worker to let go of the batch; it answers, and until then it counts as holding it.
        case cancel(batch: Int, rank: Int)
        /// The worker's result is the batch's result. Comes at most once for each batch.
        case accept(batch: Int, rank: Int)
        /// The batch has a result, or is recorded as failed, already.
        case discardDuplicate(batch: Int, rank: Int)
        /// The batch is given up. Comes at most once for each batch, and never for an accepted one.
        case recordBatchFailure(batch: Int, failure: BatchFailure)
        /// Tell the worker to return what it has not begun and to finish what it runs.
        case drain(rank: Int)
        /// Every batch is accepted or recorded as failed.
        case finished
        /// Drained or stopped with batches left to do.
        case stopped
    }
}
