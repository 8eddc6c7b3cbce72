/// What a worker does with a batch. The loop calls it; heavy work belongs on a thread of its own, not on the pool that
/// runs these functions, or heartbeats stop with it.
///
/// For each batch the calls are `prefetch`, then either `run` or `discard`. One batch is computed at a time; beside it go on
/// prefetches of later ones, and the end of those that have said that they are computed.
package protocol BatchRunner: Sendable {
    /// Loads models and whatever else all batches need. Called once, after the coordinator has welcomed the worker.
    /// - Throws: what makes the worker useless; it says goodbye with it.
    func prepare() async throws

    /// Reads and decodes what the batch needs. A failure is kept for `run` to report. Cancellation of the task means
    /// that the batch will be discarded.
    func prefetch(_ batch: Int) async

    /// Computes the batch, says so to the watch, encodes and publishes it. Samples that fail are counted in the report.
    /// - Throws: `BatchFailure` where the batch as a whole cannot be done; ``WorkerUnfit`` where this worker can do no batch
    ///   any more, which does not count against the batch; any other error counts as one that is worth another attempt; `CancellationError` when the task was cancelled before anything was published.
    func run(_ order: BatchOrder, _ watch: BatchWatch) async throws -> BatchReport

    /// Lets go of what `prefetch` made of a batch that will not be run.
    func discard(_ batch: Int) async
}

/// What a runner tells while it runs a batch, and where it leaves the result.
package struct BatchWatch: Sendable {
    /// How far the batch is, 0 to 1; may be called from any thread.
    package let progress: @Sendable (Double) -> Void
    /// Called before each sample of a batch that is done one sample after the other, with its index in the plan.
    package let begin: @Sendable (Int) async -> Void
    /// Called once the batch needs the device no more: the next may be computed beside what is left of this one.
    package let computed: @Sendable () -> Void

    /// Takes the batch when it is done.
    package let publisher: any SegmentPublisher

    /// By default nobody listens.
    package init(
        publisher: any SegmentPublisher, progress: @escaping @Sendable (Double) -> Void = { _ in },
        begin: @escaping @Sendable (Int) async -> Void = { _ in }, computed: @escaping @Sendable () -> Void = {}
    ) {
        self.publisher = publisher
        self.progress = progress
        self.begin = begin
        self.computed = computed
    }
}

extension BatchRunner {
    /// Nothing to load.
    package func prepare() async throws {}
}
