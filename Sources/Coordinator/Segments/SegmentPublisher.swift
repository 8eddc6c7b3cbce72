package import Logging
package import Shard
package import Threads

/// Where a worker puts a batch that is done.
package protocol SegmentPublisher: Sendable {
    /// Returns when the batch is committed, by this worker or another.
    /// - Throws: ``WorkerUnfit`` where this worker can publish nothing any more; ``BatchFailure``; `CancellationError` when
    ///   the task was cancelled before the batch was committed.
    func publish(_ segment: EncodedSegment) async throws -> SegmentStore.Publication
}

/// `gather: shared`: straight into the run directory, which all ranks see.
package struct SharedSegments: SegmentPublisher {
    private let store: SegmentStore
    private let patience: StoragePatience
    private let log: Logger
    private let thread: WorkThread

    /// A publisher for one worker.
    /// - Throws: ``ThreadError``.
    package init(
        _ store: SegmentStore, patience: StoragePatience = StoragePatience(), log: Logger
    ) throws(ThreadError) {
        thread = try WorkThread("segments")
        self.store = store
        self.patience = patience
        self.log = log
    }

    package func publish(_ segment: EncodedSegment) async throws -> SegmentStore.Publication {
        try await patience("batch \(segment.sidecar.batch)", log: log) {
            try await thread.perform { [store] in try store.publish(segment) }
        }
    }
}
