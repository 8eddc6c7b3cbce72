internal import Files
internal import Logging
internal import Shard
internal import Synchronization
internal import Threads

/// `gather: mpi`, the coordinator's side: fetches the batches that workers offer, piece by piece, and publishes them.
///
/// A few batches at a time are under way, each with one piece, so that memory stays small and a worker that hangs holds up
/// none but its own. A file system that takes nothing is tried again; the batch waits with its worker meanwhile.
final class SegmentIntake: Sendable {
    typealias Answer = @Sendable (SegmentAnswer) -> Void

    /// One batch of one worker.
    private struct Transfer {
        let rank: Int
        let batch: Int
        let sidecarBytes: Int
        let dataBytes: Int
        let answer: Answer
        var received = 0
        /// The sidecar, until it is whole.
        var head: [UInt8] = []
        var incoming: IncomingSegment?

        var total: Int { sidecarBytes + dataBytes }
        func nextCount(_ largest: Int) -> Int { min(total - received, largest) }

        mutating func restart() {
            received = 0
            head = []
            incoming = nil
        }
    }

    private struct State {
        var waiting: [Transfer] = []
        var active: [Transfer] = []
        var isPaused = false
        var isClosed = false
    }

    private let store: SegmentStore
    private let log: Logger
    private let width: Int
    private let largestPiece: Int
    private let pause: Duration
    private let thread: WorkThread
    /// Touched on the thread only.
    private let state = Mutex(State())
    private let trouble = Mutex<(since: ContinuousClock.Instant, text: String)?>(nil)

    /// - Parameters:
    ///   - width: batches under way at a time.
    ///   - largestPiece: bytes that are asked for at a time.
    ///   - pause: between tries where the file system fails.
    /// - Throws: ``ThreadError``.
    init(
        _ store: SegmentStore, width: Int = 4, largestPiece: Int = WireFormat.largestPiece,
        pause: Duration = .seconds(10), log: Logger
    ) throws(ThreadError) {
        thread = try WorkThread("intake")
        self.largestPiece = largestPiece
        self.store = store
        self.width = width
        self.pause = pause
        self.log = log
    }

    /// Why nothing can be stored, where that has lasted for a while.
    func trouble(longerThan limit: Duration) -> String? {
        trouble.withLock { $0.flatMap { ContinuousClock.now - $0.since > limit ? $0.text : nil } }
    }

    /// Takes what a worker says of a batch.
    func take(_ message: SegmentMessage, batch: Int, from rank: Int, answer: @escaping Answer) {
        onThread { intake, state in
            switch message {
            case .offered(let sidecarBytes, let dataBytes):
                intake.offered(
                    Transfer(
                        rank: rank, batch: batch, sidecarBytes: sidecarBytes, dataBytes: dataBytes, answer: answer),
                    &state)
            case .piece(let offset, let bytes): intake.piece(bytes, at: offset, batch: batch, from: rank, &state)
            }
        }
    }

    /// Lets go of a worker's batches, or of one of them; what came of them is thrown away.
    func drop(rank: Int, batch: Int? = nil) {
        onThread { intake, state in
            let isDropped = { (transfer: Transfer) in
                transfer.rank == rank && (batch == nil || transfer.batch == batch)
            }
            state.waiting.removeAll(where: isDropped)
            state.active.removeAll(where: isDropped)
            intake.startNext(&state)
        }
    }

    /// Takes nothing any more. Returns when the last file is closed.
    func close() async {
        await withCheckedContinuation { done in
            onThread { _, state in
                state.isClosed = true
                state.waiting = []
                state.active = []
                done.resume()
            }
        }
    }

    private func onThread(_ body: @escaping @Sendable (SegmentIntake, inout sending State) -> Void) {
        thread.enqueue { [self] in state.withLock { body(self, &$0) } }
    }

    // MARK: - On the thread

    private func offered(_ transfer: Transfer, _ state: inout State) {
        guard !state.isClosed else { return }
        let isSame = { (other: Transfer) in other.rank == transfer.rank && other.batch == transfer.batch }
        if let index = state.active.firstIndex(where: isSame) {
            // It missed what was asked.
            return ask(state.active[index])
        }
        guard !state.waiting.contains(where: isSame) else { return }
        state.waiting.append(transfer)
        startNext(&state)
    }

    private func startNext(_ state: inout State) {
        while !state.isPaused, state.active.count < width, !state.waiting.isEmpty {
            let transfer = state.waiting.removeFirst()
            do {
                if try store.sidecar(batch: transfer.batch) != nil {
                    transfer.answer(.stored(published: false))
                    continue
                }
            } catch {
                // Damaged: found again, and mended, where its shard is assembled.
                log.warning("\(error)")
            }
            state.active.append(transfer)
            ask(transfer)
        }
    }

    private func ask(_ transfer: Transfer) {
        transfer.answer(.fetch(offset: transfer.received, count: transfer.nextCount(largestPiece)))
    }

    private func piece(_ bytes: [UInt8], at offset: Int, batch: Int, from rank: Int, _ state: inout State) {
        guard let index = state.active.firstIndex(where: { $0.rank == rank && $0.batch == batch }),
            offset == state.active[index].received, bytes.count == state.active[index].nextCount(largestPiece)
        else { return log.info("a piece of batch \(batch) from worker \(rank) is not the one asked for") }
        do {
            if let publication = try store(bytes, of: &state.active[index]) {
                // Over before anybody hears of it.
                trouble.withLock { $0 = nil }
                state.active.remove(at: index).answer(.stored(published: publication == .published))
                startNext(&state)
            } else {
                ask(state.active[index])
            }
        } catch let error as FileError {
            retry(index, error, &state)
        } catch {
            log.error("batch \(batch) of worker \(rank) cannot be stored: \(error)")
            state.active.remove(at: index).answer(.refused("\(error)"))
            startNext(&state)
        }
    }

    /// - Returns: what came of it, once the batch is whole.
    private func store(_ bytes: [UInt8], of transfer: inout Transfer) throws -> SegmentStore.Publication? {
        transfer.received += bytes.count
        var rest = bytes[...]
        if transfer.incoming == nil {
            let missing = transfer.sidecarBytes - transfer.head.count
            transfer.head += rest.prefix(missing)
            rest = rest.dropFirst(missing)
            guard transfer.head.count == transfer.sidecarBytes else { return nil }
            guard let incoming = try store.receive(sidecarJSON: transfer.head, batch: transfer.batch) else {
                return .lost
            }
            transfer.head = []
            transfer.incoming = incoming
        }
        if !rest.isEmpty { try transfer.incoming?.append(Array(rest)) }
        guard transfer.received == transfer.total else { return nil }
        return try transfer.incoming?.publish()
    }

    /// From the beginning, after a pause, for all: one disk is all they have.
    private func retry(_ index: Int, _ error: FileError, _ state: inout State) {
        var transfer = state.active.remove(at: index)
        log.error("batch \(transfer.batch) of worker \(transfer.rank) waits to be stored: \(error)")
        trouble.withLock { if $0 == nil { $0 = (.now, "\(error)") } }
        transfer.restart()
        state.waiting.insert(transfer, at: 0)
        guard !state.isPaused else { return }
        state.isPaused = true
        Task { [pause] in
            try? await Task.sleep(for: pause)
            onThread { intake, state in
                state.isPaused = false
                intake.startNext(&state)
            }
        }
    }
}
