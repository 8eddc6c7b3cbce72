import Foundation
import TestSupport
import Testing
import TransportContract

@testable import Coordinator

@Suite("Transport: the contract over pipes", .timeLimit(.minutes(2)))
struct PipeContractTests {
    @Test(
        "it holds over one connection and over several, whether or not the other end waits",
        arguments: [(1, false, false), (1, true, true), (3, false, true), (3, true, false)])
    func pairs(workers: Int, coordinatorWorks: Bool, waits: Bool) async throws {
        let pairs = try (1...workers).map { try PipeTransport.pair(rank: $0, waits: waits) }
        let ends: [any Transport] = pairs.map(\.above)
        let zero = workers == 1 ? ends[0] : PipeHub(ends)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for transport in [zero] + pairs.map(\.below) {
                group.addTask {
                    try await TransportContract.run(on: transport, coordinatorWorks: coordinatorWorks).everyoneAlive
                }
            }
            for try await everyoneAlive in group { #expect(everyoneAlive) }
        }
    }

    @Test("it holds with processes", arguments: [1, 3])
    func processes(count: Int) async throws {
        let processes = try await start(count)
        defer { processes.forEach { $0.kill() } }
        let hub = PipeHub(processes.map(\.transport))
        #expect(try await TransportContract.run(on: hub, coordinatorWorks: count > 1).everyoneAlive)
        for process in processes { #expect(await process.exit() == .code(0)) }
    }

    @Test("a process that dies in a batch is survived by the others")
    func death() async throws {
        let processes = try await start(3, victim: 2)
        defer { processes.forEach { $0.kill() } }
        let hub = PipeHub(processes.map(\.transport))
        #expect(try await !TransportContract.surviveDeath(of: 2, on: hub))
        var exits: [ChildExit] = []
        for process in processes { exits.append(await process.exit()) }
        #expect(exits == [.code(0), .signal(9), .code(0)])
    }

    /// Ranks from 1 on that do their part of the contract.
    private func start(_ count: Int, victim: Int? = nil) async throws -> [SpawnedProcess] {
        let program = try #require(Programs.built("pipe-transport-check"), "pipe-transport-check is not built")
        var processes: [SpawnedProcess] = []
        for rank in 1...count {
            let numbers = [rank] + (victim.map { [$0] } ?? [])
            processes.append(
                try await SpawnedProcess.start(
                    program, ["pipe-transport-check"] + numbers.map(String.init), rank: rank))
        }
        return processes
    }
}
