import CMPI

/// Messages on their way in. Lives on the MPI thread, inside ``MPIWorld``.
struct MPIInbox {
    private struct Flight {
        var request: MPI_Request?
        let buffer: UnsafeMutableRawBufferPointer
        let count: Int
        let source: Int
        let tag: Int32
        var isDone = false
    }

    /// What arrived, in the order of sending for each rank.
    struct Message {
        let source: Int
        let bytes: [UInt8]
    }

    /// Bytes that may be under way at a time; more wait in MPI.
    private static let window = 64 << 20

    private var flights: [Flight] = []
    private var underway = 0
    /// Pieces that came of a message whose last piece did not.
    private var partial: [Int: [UInt8]] = [:]

    /// Asks for new messages and for the ends of those under way.
    /// - Returns: whether anything moved, and the messages that are whole.
    mutating func pull() -> (moved: Bool, messages: [Message], error: MPIError?) {
        var error: MPIError?
        var moved = false
        while underway < Self.window, flights.count < 256, error == nil {
            guard probe(&error) else { break }
            moved = true
        }
        var index = 0
        while index < flights.count {
            var done: Int32 = flights[index].isDone ? 1 : 0
            let code = done == 0 ? MPI_Test(&flights[index].request, &done, nil) : MPI_SUCCESS
            if let failed = MPIError("MPI_Test", code) {
                // Its memory is not given back: MPI may still write to it.
                error = failed
                underway -= flights.remove(at: index).count
            } else {
                flights[index].isDone = done != 0
                index += 1
            }
        }
        let messages = deliver()
        return (moved || !messages.isEmpty, messages, error)
    }

    /// Forgets what a dead rank began to send. Memory that MPI may still write to is not given back.
    mutating func drop(_ rank: Int) {
        partial[rank] = nil
        for flight in flights where flight.source == rank { underway -= flight.count }
        flights.removeAll { $0.source == rank }
    }

    /// Takes one message out of MPI's queue and begins to receive it.
    private mutating func probe(_ error: inout MPIError?) -> Bool {
        var found: Int32 = 0
        var message: MPI_Message?
        var status = MPI_Status()
        error = MPIError(
            "MPI_Improbe",
            MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, seehear_mpi_comm_world(), &found, &message, &status))
        guard error == nil, found != 0 else { return false }
        var count: Int32 = 0
        error = MPIError("MPI_Get_count", MPI_Get_count(&status, seehear_mpi_byte(), &count))
        // Only our own sends arrive here, so another count is a broken library or another program.
        guard error == nil else { return false }
        guard count >= 0, count <= Pieces.largest else {
            error = MPIError(
                function: "MPI_Improbe", code: MPI_ERR_COUNT, message: "a message of \(count) bytes is not one of ours")
            return false
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, Int(count)), alignment: 16)
        var request: MPI_Request?
        error = MPIError(
            "MPI_Imrecv", MPI_Imrecv(buffer.baseAddress, count, seehear_mpi_byte(), &message, &request))
        guard error == nil else {
            buffer.deallocate()
            return false
        }
        flights.append(
            Flight(
                request: request, buffer: buffer, count: Int(count), source: Int(status.MPI_SOURCE),
                tag: status.MPI_TAG))
        underway += Int(count)
        return true
    }

    /// Large pieces may be done after small ones that were sent later; a rank's messages leave in order nevertheless.
    private mutating func deliver() -> [Message] {
        var messages: [Message] = []
        var held: Set<Int> = []
        var rest: [Flight] = []
        for flight in flights {
            guard flight.isDone, !held.contains(flight.source) else {
                held.insert(flight.source)
                rest.append(flight)
                continue
            }
            underway -= flight.count
            var bytes = partial.removeValue(forKey: flight.source) ?? []
            bytes += UnsafeRawBufferPointer(rebasing: flight.buffer[..<flight.count])
            flight.buffer.deallocate()
            if flight.tag == Pieces.Tag.more.rawValue, bytes.count <= Pieces.largestMessage {
                partial[flight.source] = bytes
            } else {
                messages.append(Message(source: flight.source, bytes: bytes))
            }
        }
        if rest.count != flights.count { flights = rest }
        return messages
    }
}
