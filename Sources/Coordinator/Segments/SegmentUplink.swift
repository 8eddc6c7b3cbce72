internal import Shard

/// `gather: mpi`, a worker's side: offers a batch to the coordinator, which fetches it piece by piece.
///
/// The coordinator asks for every piece, so a fast worker cannot flood it, and its memory holds a few pieces however many
/// workers there are.
actor SegmentUplink: SegmentPublisher {
    private struct Offer {
        let sidecar: [UInt8]
        let data: [UInt8]
        let waiter: CheckedContinuation<SegmentStore.Publication, any Error>
        /// Whether the coordinator asked since the last reminder.
        var isHeard = false
        var reminder: Task<Void, Never>?
    }

    private let say: @Sendable (WorkerMessage) async -> Void
    private let clock: LoopClock
    private let reminderInterval: Duration
    private var offers: [Int: Offer] = [:]

    /// - Parameters:
    ///   - reminderInterval: how long the coordinator may ask for nothing before it is offered the batch again; it forgets
    ///     offers of a worker that it gave up for a while.
    ///   - say: sends to the coordinator.
    init(
        clock: LoopClock, reminderInterval: Duration = .seconds(10),
        say: @escaping @Sendable (WorkerMessage) async -> Void
    ) {
        self.clock = clock
        self.reminderInterval = reminderInterval
        self.say = say
    }

    func publish(_ segment: EncodedSegment) async throws -> SegmentStore.Publication {
        let batch = segment.sidecar.batch
        let sidecar = try segment.sidecarJSON()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                guard !Task.isCancelled else { return waiter.resume(throwing: CancellationError()) }
                var offer = Offer(sidecar: sidecar, data: segment.data, waiter: waiter)
                offer.reminder = Task { await remind(batch, sidecar.count, segment.data.count) }
                offers[batch] = offer
            }
        } onCancel: {
            Task { await self.end(batch, .failure(CancellationError())) }
        }
    }

    /// What the coordinator answers.
    func take(_ answer: SegmentAnswer, batch: Int) async {
        guard let offer = offers[batch] else { return }
        switch answer {
        case .fetch(let offset, let count):
            offers[batch]?.isHeard = true
            let end = offset + count
            guard end <= offer.sidecar.count + offer.data.count else { return }
            let split = offer.sidecar.count
            let piece =
                Array(offer.sidecar[min(offset, split)..<min(end, split)])
                + offer.data[max(offset - split, 0)..<max(end - split, 0)]
            await say(.segment(batch: batch, .piece(offset: offset, piece)))
        case .stored(let published): self.end(batch, .success(published ? .published : .lost))
        case .refused(let why):
            self.end(batch, .failure(BatchFailure(kind: "notStored", message: why, retryable: true)))
        }
    }

    private func end(_ batch: Int, _ result: Result<SegmentStore.Publication, any Error>) {
        guard let offer = offers.removeValue(forKey: batch) else { return }
        offer.reminder?.cancel()
        offer.waiter.resume(with: result)
    }

    /// Offers, and again whenever nothing was asked for a while.
    private func remind(_ batch: Int, _ sidecarBytes: Int, _ dataBytes: Int) async {
        while !Task.isCancelled, let offer = offers[batch] {
            if !offer.isHeard {
                await say(.segment(batch: batch, .offered(sidecarBytes: sidecarBytes, dataBytes: dataBytes)))
            }
            offers[batch]?.isHeard = false
            guard (try? await clock.sleep(reminderInterval)) != nil else { return }
        }
    }
}
