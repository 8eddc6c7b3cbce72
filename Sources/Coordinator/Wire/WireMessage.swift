/// One message between coordinator and worker, and the epoch that it belongs to.
///
/// Every start of a coordinator on a run has an epoch of its own, so that what a leftover worker of an earlier start
/// sends is recognised and dropped. A worker that has not been welcomed yet says 0.
///
/// The encoding is binary, little-endian, and checked field by field: a message has one encoding and everything else
/// is an error, which is easier to hold for fixed fields than for JSON. `docs/scheduling.md` shows the layout.
package struct WireMessage: Sendable, Hashable {
    /// The coordinator's start that the message belongs to.
    package let epoch: UInt64
    /// What is said.
    package let body: Body

    /// A message of an epoch.
    package init(epoch: UInt64, _ body: Body) {
        self.epoch = epoch
        self.body = body
    }

    /// Everything that can be said.
    package enum Body: Sendable, Hashable {
        /// From a worker.
        case worker(WorkerMessage)
        /// From the coordinator.
        case coordinator(CoordinatorMessage)
    }
}

/// What a worker says to the coordinator.
package enum WorkerMessage: Sendable, Hashable {
    /// I am here; batches may not be assigned yet.
    case hello(WorkerIdentity)
    /// Models are loaded, or my credit changed: I take this many batches at once, the running one included.
    case ready(credit: Int)
    /// I begin to compute the batch.
    case started(batch: Int)
    /// I finished it.
    case finished(BatchReport)
    /// I could not do it as a whole.
    case failed(batch: Int, BatchFailure)
    /// I do not hold the batch any more and shall not publish it: the answer to a cancel, or to a drain.
    case released(batch: Int)
    /// I am alive; the batch in hand and how far it is, 0 to 1.
    case heartbeat(batch: Int?, fraction: Double)
    /// I shall publish nothing more, and whether what keeps me may pass.
    case goodbye(reason: String, mayPass: Bool = false)
    /// I begin this sample of a batch that is done one sample after the other; an index into the plan.
    case sampleBegun(batch: Int, sample: Int)
    /// The process that computed for me ended, and how; what it held is lost. Another says hello in its place.
    case crashed(reason: String)
    /// Where segments travel by messages: about a batch that I have done and want stored.
    case segment(batch: Int, SegmentMessage)
    /// Send me the run from this byte on, or say that I can read it myself. Comes before hello.
    case wantsRun(offset: Int)
}

/// What the coordinator says to a worker.
package enum CoordinatorMessage: Sendable, Hashable {
    /// The answer to hello; the message's epoch is the worker's from now on.
    case welcome
    /// Do this batch, after those assigned before it; see ``BatchOrder``.
    case assign(BatchOrder)
    /// Let go of the batch, then say so.
    case cancel(batch: Int)
    /// Return what is not begun, finish what runs.
    case drain
    /// The answer to a heartbeat.
    case alive
    /// The end: give up what runs, say goodbye, and wait for the dismissal.
    case stop(StopReason)
    /// All goodbyes are in, or were waited for long enough; leave now. `everyoneAlive` is false where one is missing,
    /// so that nobody waits for it in MPI_Finalize.
    case dismiss(everyoneAlive: Bool)
    /// The answer about a batch that was offered.
    case segment(batch: Int, SegmentAnswer)
    /// The answer to ``WorkerMessage/wantsRun(offset:)``.
    case run(RunPiece)
}

/// Why the coordinator ends a worker.
package enum StopReason: Sendable, Hashable {
    /// All batches are done.
    case finished
    /// The run was drained, stopped, or failed, with batches left.
    case stopped
    /// This worker cannot take part; the sentence says why.
    case refused(String)
}
