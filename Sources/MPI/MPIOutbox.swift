import CMPI

/// Messages on their way out. Lives on the MPI thread, inside ``MPIWorld``.
struct MPIOutbox {
    /// Memory that MPI may read until the last request on it is done.
    private final class Buffer {
        let bytes: UnsafeMutableRawBufferPointer

        init(_ source: [UInt8]) {
            bytes = .allocate(byteCount: max(1, source.count), alignment: 16)
            bytes.copyBytes(from: source)
        }

        deinit { bytes.deallocate() }
    }

    private struct Piece {
        let buffer: Buffer
        let range: Range<Int>
        let tag: Pieces.Tag
    }

    private struct Flight {
        var request: MPI_Request?
        /// Keeps the memory; MPI reads it.
        let piece: Piece
        let rank: Int
    }

    /// Requests at a time to one rank, so that a large message does not post all its pieces at once.
    private static let window = 8

    private var waiting: [Int: [Piece]] = [:]
    private var flights: [Flight] = []
    /// Kept for ever: MPI gave no sign that it is done with this memory.
    private var abandoned: [Flight] = []

    var isEmpty: Bool { flights.isEmpty && waiting.isEmpty }

    /// Queues a message; ``push()`` sends it.
    mutating func append(_ bytes: [UInt8], to rank: Int) {
        let buffer = Buffer(bytes)
        waiting[rank, default: []] += Pieces.split(bytes.count).map {
            Piece(buffer: buffer, range: $0.range, tag: $0.tag)
        }
    }

    /// Forgets what a dead rank shall not get.
    mutating func drop(_ rank: Int) {
        waiting[rank] = nil
        abandoned += flights.filter { $0.rank == rank }
        flights.removeAll { $0.rank == rank }
    }

    /// Posts what may be posted and asks for what is done.
    /// - Returns: whether anything moved, and the ranks to which sending failed.
    mutating func push() -> (moved: Bool, errors: [(rank: Int, error: MPIError)]) {
        var errors: [(rank: Int, error: MPIError)] = []
        var moved = collect(&errors)
        for rank in waiting.keys.sorted() {
            var room = Self.window - flights.count { $0.rank == rank }
            while room > 0, let piece = waiting[rank]?.first {
                waiting[rank]?.removeFirst()
                moved = true
                room -= 1
                if let error = post(piece, to: rank) {
                    errors.append((rank, error))
                    break
                }
            }
            if waiting[rank]?.isEmpty == true { waiting[rank] = nil }
        }
        return (moved, errors)
    }

    private mutating func post(_ piece: Piece, to rank: Int) -> MPIError? {
        var request: MPI_Request?
        // `Pieces` keeps the count far below 32 bits.
        let code = MPI_Isend(
            piece.buffer.bytes.baseAddress.map { $0 + piece.range.lowerBound }, Int32(piece.range.count),
            seehear_mpi_byte(), Int32(rank), piece.tag.rawValue, seehear_mpi_comm_world(), &request)
        if let error = MPIError("MPI_Isend", code) { return error }
        flights.append(Flight(request: request, piece: piece, rank: rank))
        return nil
    }

    private mutating func collect(_ errors: inout [(rank: Int, error: MPIError)]) -> Bool {
        var moved = false
        var index = 0
        while index < flights.count {
            var done: Int32 = 0
            let code = MPI_Test(&flights[index].request, &done, nil)
            let error = MPIError("MPI_Test", code)
            guard error != nil || done != 0 else {
                index += 1
                continue
            }
            let flight = flights.remove(at: index)
            moved = true
            if let error {
                errors.append((flight.rank, error))
                if done == 0 { abandoned.append(flight) }
            }
        }
        return moved
    }
}
