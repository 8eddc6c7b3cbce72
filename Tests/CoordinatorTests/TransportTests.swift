import Testing
import TransportContract

@testable import Coordinator

@Suite("Transport: in memory", .timeLimit(.minutes(1)))
struct TransportTests {
    @Test(
        "the contract holds for every size, with delay, and with a coordinator that works",
        arguments: [(1, false, 0), (2, false, 0), (3, false, 0), (3, true, 0), (5, false, 0), (3, false, 2)])
    func contract(size: Int, works: Bool, delay: Int) async throws {
        let network = InMemoryNetwork.mesh(size: size, delay: delay > 0 ? .milliseconds(delay) : nil)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for rank in 0..<size {
                group.addTask {
                    try await TransportContract.run(on: network.endpoint(rank), coordinatorWorks: works).everyoneAlive
                }
            }
            for try await everyoneAlive in group { #expect(everyoneAlive) }
        }
        for rank in 0..<size { network.endpoint(rank).close() }
    }

    @Test("a dead rank is reported after what it had sent, and sends nothing more")
    func kill() async throws {
        let network = InMemoryNetwork.mesh(size: 3)
        try await network.endpoint(2).send([1], to: 0)
        network.kill(2)
        await #expect(throws: TransportError.closed) { try await network.endpoint(2).send([2], to: 0) }
        try await network.endpoint(0).send([3], to: 2)
        network.endpoint(0).close()
        var events: [TransportEvent] = []
        for await event in network.endpoint(0).events { events.append(event) }
        #expect(events == [.message(from: 2, [1]), .peerFailed(2)])
    }

    @Test("a link that is cut delivers when it heals, in order, or never")
    func cut() async throws {
        let network = InMemoryNetwork.mesh(size: 3)
        let (one, two) = (network.endpoint(1), network.endpoint(2))
        network.cut(1)
        try await one.send([1], to: 0)
        try await two.send([9], to: 0)
        try await one.send([2], to: 0)
        network.heal(1)
        try await one.send([3], to: 0)
        network.cut(1)
        try await one.send([4], to: 0)
        network.heal(1, dropping: true)
        try await one.send([5], to: 0)
        network.endpoint(0).close()
        var events: [TransportEvent] = []
        for await event in network.endpoint(0).events { events.append(event) }
        #expect(
            events == [
                .message(from: 2, [9]), .message(from: 1, [1]), .message(from: 1, [2]), .message(from: 1, [3]),
                .message(from: 1, [5]),
            ])
    }

    @Test("what is closed takes nothing")
    func closed() async throws {
        let pair = InMemoryNetwork.pair(rank: 4)
        #expect(pair.coordinator.rank == 4)
        #expect(pair.coordinator.peers == [4])
        await #expect(throws: TransportError.unknownRank(1, peers: [4])) {
            try await pair.worker.send([], to: 1)
        }
        pair.worker.close()
        await #expect(throws: TransportError.closed) { try await pair.worker.send([], to: 4) }
        try await pair.coordinator.send([], to: 4)
    }
}
