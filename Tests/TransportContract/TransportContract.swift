package import Coordinator
import Logging

/// What every transport must do, as the part of one rank; all ranks run it at the same time.
///
/// It knows nothing of a test framework, because under mpirun it runs in a program of its own.
package enum TransportContract {
    /// A check that failed.
    package struct Violation: Error, CustomStringConvertible {
        /// What was expected and what was found.
        package let description: String
    }

    /// Runs this rank's part.
    /// - Parameter coordinatorWorks: whether rank 0 does batches too; it does in any case when it is alone.
    /// - Returns: what was checked, and whether all ranks were alive at the end.
    package static func run(
        on transport: any Transport, coordinatorWorks: Bool = false
    ) async throws -> (checks: [String], everyoneAlive: Bool) {
        var inbox = ContractInbox(transport)
        try await order(transport, &inbox)
        try await sizes(transport, &inbox)
        try await strangers(transport)
        try await meet(transport, &inbox)
        let everyoneAlive = try await ContractRun.run(on: transport, coordinatorWorks: coordinatorWorks)
        return (["order", "sizes", "strangers", "run"], everyoneAlive)
    }

    static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw Violation(description: message()) }
    }

    /// Many small messages from everybody to everybody arrive once, in the order of each sender.
    private static func order(_ transport: any Transport, _ inbox: inout ContractInbox) async throws {
        let count = 300
        for number in 0..<count {
            for peer in transport.peers {
                try await transport.send([UInt8(transport.rank), UInt8(number / 256), UInt8(number % 256)], to: peer)
            }
        }
        for peer in transport.peers {
            for number in 0..<count {
                let bytes = try await inbox.next(from: peer)
                try require(
                    bytes == [UInt8(peer), UInt8(number / 256), UInt8(number % 256)],
                    "message \(number) of rank \(peer) is \(bytes)")
            }
        }
    }

    /// Empty, small and large messages come back as they were sent, and a small one does not overtake a large one.
    private static func sizes(_ transport: any Transport, _ inbox: inout ContractInbox) async throws {
        let sizes = [0, 1, 4096, 65_537, (8 << 20) - 1, 8 << 20, (17 << 20) + 3, 2]
        for peer in transport.peers {
            if transport.rank == 0 {
                let sent = sizes.enumerated().map { pattern($0.element, seed: $0.offset + peer) }
                for bytes in sent { try await transport.send(bytes, to: peer) }
                for bytes in sent {
                    let back = try await inbox.next(from: peer)
                    try require(
                        back == bytes, "\(bytes.count) bytes came back from rank \(peer) as \(back.count) others")
                }
            } else if peer == 0 {
                for _ in sizes { try await transport.send(inbox.next(from: 0), to: 0) }
            }
        }
    }

    private static func pattern(_ count: Int, seed: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: UInt8(seed & 0xFF), count: count)
        for index in stride(from: 0, to: count, by: 4093) {
            bytes[index] = UInt8(truncatingIfNeeded: index / 4093 + seed)
        }
        return bytes
    }

    /// A rank that does not exist is an error.
    private static func strangers(_ transport: any Transport) async throws {
        for stranger in [-1, 1000] {
            do {
                try await transport.send([1], to: stranger)
            } catch .unknownRank {
                continue
            }
            throw Violation(description: "a message to rank \(stranger) was taken")
        }
    }

    /// Nobody begins a run before everybody is there and through with the above.
    static func meet(_ transport: any Transport, _ inbox: inout ContractInbox) async throws {
        if transport.rank == 0 {
            for peer in transport.peers {
                try require(await inbox.next(from: peer) == [42], "rank \(peer) is out of step")
            }
            for peer in transport.peers { try await transport.send([43], to: peer) }
        } else {
            try await transport.send([42], to: 0)
            try require(await inbox.next(from: 0) == [43], "rank 0 is out of step")
        }
    }
}

/// Receives from one rank at a time.
struct ContractInbox {
    private let events: AsyncStream<TransportEvent>
    private var waiting: [Int: [[UInt8]]] = [:]

    init(_ transport: any Transport) { events = transport.events }

    mutating func next(from rank: Int) async throws -> [UInt8] {
        if let bytes = waiting[rank]?.first {
            waiting[rank]?.removeFirst()
            return bytes
        }
        for await event in events {
            guard case .message(let sender, let bytes) = event else {
                throw TransportContract.Violation(description: "\(event) while waiting for rank \(rank)")
            }
            if sender == rank { return bytes }
            waiting[sender, default: []].append(bytes)
        }
        throw TransportContract.Violation(description: "the events ended while waiting for rank \(rank)")
    }
}
