import CMPI
import Coordinator
import Glibc

/// All state of MPI in this process. Every method runs on ``MPIThread``, so funneled threads are enough.
actor MPIWorld {
    nonisolated let events: AsyncStream<TransportEvent>
    private nonisolated let thread: MPIThread
    private let sink: AsyncStream<TransportEvent>.Continuation
    private var outbox = MPIOutbox()
    private var inbox = MPIInbox()
    private var faultTolerance: FaultTolerance?
    private var failed: Set<Int> = []
    private var isClosed = true
    private var isBroken = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init() throws(MPIStartError) {
        thread = try MPIThread()
        (events, sink) = AsyncStream.makeStream(of: TransportEvent.self)
    }

    /// Starts MPI on this actor's thread, which is MPI's main thread from then on, and begins to poll. Without a
    /// launcher the process is a world of one.
    func start(environment: [String: String]) throws(MPIStartError) -> MPIReport {
        var started: Int32 = 0
        var ended: Int32 = 0
        guard MPI_Initialized(&started) == MPI_SUCCESS, MPI_Finalized(&ended) == MPI_SUCCESS, started == 0, ended == 0
        else { throw .startedBefore }
        var given: Int32 = 0
        let code = MPI_Init_thread(nil, nil, Int32(MPI_THREAD_FUNNELED), &given)
        if let error = MPIError("MPI_Init_thread", code) { throw .failed(error) }
        let world = seehear_mpi_comm_world()
        var rank: Int32 = 0
        var size: Int32 = 0
        for (function, code) in [
            ("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(world, seehear_mpi_errors_return())),
            (
                "MPI_Comm_set_errhandler",
                MPI_Comm_set_errhandler(seehear_mpi_comm_self(), seehear_mpi_errors_return())
            ),
            ("MPI_Comm_rank", MPI_Comm_rank(world, &rank)), ("MPI_Comm_size", MPI_Comm_size(world, &size)),
        ] {
            if let error = MPIError(function, code) { throw .failed(error) }
        }
        let level = ThreadLevel(code: given)
        guard level >= .funneled else { throw .threadLevel(found: level) }
        faultTolerance = FaultTolerance()
        isClosed = false
        // Holds this actor until it is closed: its buffers must outlive MPI's requests.
        thread.setPoll { self.assumeIsolated { $0.poll() } }
        return MPIReport(
            libraryVersion: MPIReport.libraryVersion(), standard: MPIReport.standard(), threadLevel: level,
            hasFaultTolerance: faultTolerance != nil, rank: Int(rank), size: Int(size),
            localRank: LocalRank.find(in: environment))
    }

    /// Takes a message; it goes out with the next poll.
    func send(_ bytes: [UInt8], to rank: Int) throws(TransportError) {
        guard !isClosed else { throw .closed }
        guard bytes.count <= Pieces.largestMessage else {
            throw .tooLarge(bytes: bytes.count, limit: Pieces.largestMessage)
        }
        if !failed.contains(rank) { outbox.append(bytes, to: rank) }
    }

    /// Waits until everything is sent, or the time is over.
    /// - Returns: whether everything is.
    func flush(within limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while !outbox.isEmpty, !isBroken, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(1))
        }
        return outbox.isEmpty
    }

    /// Whether MPI knows of no death and works.
    var isWell: Bool { failed.isEmpty && !isBroken }

    /// Finalizes MPI, which waits for all ranks to do so. Nothing is sent, received or polled any more.
    func finalize() {
        guard close() else { return }
        MPI_Finalize()
    }

    /// Stops polling and ends the events.
    @discardableResult
    func close() -> Bool {
        guard !isClosed else { return false }
        isClosed = true
        thread.setPoll(nil)
        sink.finish()
        return true
    }

    // MARK: - Polling

    private func poll() -> Bool {
        guard !isClosed, !isBroken else { return false }
        let incoming = inbox.pull()
        for message in incoming.messages { sink.yield(.message(from: message.source, message.bytes)) }
        if let error = incoming.error { received(error) }
        let outgoing = outbox.push()
        for (rank, error) in outgoing.errors {
            if error.isProcessFailure { lookForFailures() }
            // Without fault tolerance a connection that failed stays so.
            fail(rank)
        }
        return incoming.moved || outgoing.moved
    }

    private func received(_ error: MPIError) {
        guard error.isProcessFailure, faultTolerance != nil else {
            isBroken = true
            sink.yield(.broken(error.description))
            return
        }
        lookForFailures()
    }

    private func lookForFailures() {
        faultTolerance?.failedRanks().forEach(fail)
    }

    private func fail(_ rank: Int) {
        guard failed.insert(rank).inserted else { return }
        outbox.drop(rank)
        inbox.drop(rank)
        sink.yield(.peerFailed(rank))
    }
}
