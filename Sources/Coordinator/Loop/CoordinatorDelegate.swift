/// What a coordinator loop tells while it runs. Calls come one after the other.
///
/// While a call lasts, the loop assigns nothing new; what arrives meanwhile keeps its time of arrival, so that a slow
/// call makes no worker silent. Long work, such as assembling a shard, belongs on a thread of its own.
package protocol CoordinatorDelegate: Sendable {
    /// A batch is done and its result counts. Comes once for each batch.
    /// - Throws: whatever makes it useless to go on; the run ends with it.
    func batchAccepted(_ report: BatchReport) async throws

    /// A batch is given up. Comes once for each batch, and never for one that was accepted.
    /// - Throws: whatever makes it useless to go on; the run ends with it.
    func batchFailed(_ batch: Int, _ failure: BatchFailure) async throws

    /// A worker finished a batch that had a result already, or was given up.
    func batchDuplicated(_ report: BatchReport, rank: Int) async

    /// A worker says something about a batch that it wants stored, where segments travel by messages.
    func segment(
        _ message: SegmentMessage, batch: Int, from rank: Int, answer: @escaping @Sendable (SegmentAnswer) -> Void)
        async

    /// A worker has let go of a batch, or, where `batch` is nil, of all that it had.
    func segmentsDropped(of rank: Int, batch: Int?) async

    /// The files of the run from a byte on, for a rank that does not see them.
    /// - Throws: whatever makes it useless to go on; the run ends with it.
    func run(from offset: Int) async throws -> RunPiece

    /// The state of the run, at every tick and after every batch.
    /// - Throws: whatever makes it useless to go on; the run ends with it.
    func progress(_ progress: RunProgress) async throws
}

extension CoordinatorDelegate {
    /// Nothing.
    package func batchDuplicated(_ report: BatchReport, rank: Int) async {}

    /// Refuses: segments do not travel by messages.
    package func segment(
        _ message: SegmentMessage, batch: Int, from rank: Int, answer: @escaping @Sendable (SegmentAnswer) -> Void
    ) async { answer(.refused("the coordinator of this run takes no segments")) }

    /// Nothing.
    package func segmentsDropped(of rank: Int, batch: Int?) async {}

    /// All ranks see the run.
    package func run(from offset: Int) async throws -> RunPiece { RunPiece() }
}
