internal import Logging

extension WorkerAgenda {
    /// What happened. The time comes beside the event; see ``WorkerAgenda/handle(_:at:)``.
    enum Event: Sendable, Hashable {
        /// The coordinator said something, in this epoch.
        case said(CoordinatorMessage, epoch: UInt64)
        /// The coordinator will not be heard any more, and why.
        case coordinatorLost(String)
        /// The runner is ready.
        case prepared
        /// The runner cannot get ready, and why.
        case unprepared(String)
        /// A batch needs the device no more; it is still to be published.
        case computed(batch: Int)
        /// A batch that was begun is in hand no more.
        case ended(batch: Int, BatchEnd)
        /// This process was asked to begin no further batch.
        case drainRequested
        /// Time has passed.
        case tick
    }

    /// How a batch that was begun ended, as its runner tells.
    enum BatchEnd: Sendable, Hashable {
        case done(BatchReport)
        case failed(BatchFailure)
        /// The worker can do no batch any more, and why.
        case unfit(WorkerUnfit)

        /// What an error of ``BatchRunner/run(_:_:)`` means.
        init(_ error: any Error) {
            switch error {
            case let unfit as WorkerUnfit: self = .unfit(unfit)
            case let failure as BatchFailure: self = .failed(failure)
            default:
                self = .failed(BatchFailure(kind: "\(type(of: error))", message: "\(error)", retryable: true))
            }
        }
    }

    /// What is to be done, in this order.
    enum Action: Sendable, Hashable {
        /// Tell the coordinator, in ``WorkerAgenda/epoch``.
        case say(WorkerMessage)
        /// Heartbeats belong to this epoch from now on.
        case adopt(epoch: UInt64)
        /// Heartbeats tell this batch from now on, at its beginning.
        case inHand(batch: Int?)
        /// Have the runner get ready. Comes once.
        case prepare
        /// Read what the batch needs.
        case prefetch(batch: Int)
        /// Do the batch, once its inputs are read.
        case run(BatchOrder)
        /// Have the batch that runs end; how it did is still told.
        case cancel(batch: Int)
        /// Let go of a batch that was not begun.
        case discard(batch: Int)
        /// Wait until all that was discarded is let go of.
        case awaitDiscards
        /// Hand what the coordinator answered to where the batch is published.
        case answer(SegmentAnswer, batch: Int)
        /// Write it into the log.
        case log(Logger.Level, String)
    }
}
