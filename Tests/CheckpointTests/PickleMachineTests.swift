import Foundation
import TestSupport
import Testing

@testable import Checkpoint

@Suite struct PickleMachineTests {
    private func run(_ bytes: [UInt8]) -> Result<PickleValue, any Error> {
        Result {
            try bytes.withUnsafeBytes { buffer in
                var machine = PickleMachine(buffer)
                return try machine.run()
            }
        }
    }

    private func error(_ bytes: [UInt8]) -> PickleError? {
        if case .failure(let error) = run(bytes) { error as? PickleError } else { nil }
    }

    private func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func readsIntegersOfEveryWidth() throws {
        func int(_ bytes: [UInt8]) throws -> Int? {
            if case .int(let value) = try run([0x80, 2] + bytes + [0x2E]).get() { value } else { nil }
        }
        #expect(try int([0x4B, 200]) == 200)
        #expect(try int([0x4D, 0x34, 0x12]) == 0x1234)
        #expect(try int([0x4A, 0xFE, 0xFF, 0xFF, 0xFF]) == -2)
        #expect(try int([0x8A, 0]) == 0)
        #expect(try int([0x8A, 1, 0xFF]) == -1)
        #expect(try int([0x8A, 2, 0xFF, 0x00]) == 255)
        #expect(try int([0x8A, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]) == .max)
        #expect(error([0x80, 2, 0x8A, 9])?.kind == .integerTooWide(bytes: 9))
    }

    @Test func namesWhatItRefuses() {
        #expect(error([])?.kind == .noStop)
        #expect(error([0x80, 1])?.kind == .protocolVersion(1))
        #expect(error([0x80, 2, 0x00]) == PickleError(offset: 2, kind: .unknownOpcode(0)))
        #expect(error([0x80, 2, 0x81])?.kind == .forbiddenOpcode("NEWOBJ"))
        #expect(error([0x80, 2, 0x69])?.kind == .forbiddenOpcode("INST"))
        #expect(
            error([0x80, 2] + ascii("cos\nsystem\n")) == PickleError(offset: 2, kind: .forbiddenGlobal("os.system")))
        #expect(
            error([0x80, 4] + [0x8C, 2] + ascii("os") + [0x8C, 6] + ascii("system") + [0x93])?.kind
                == .forbiddenGlobal("os.system"))
        #expect(
            error([0x80, 2] + ascii("ctorch.storage\n_load_from_bytes\n"))?.kind
                == .forbiddenGlobal("torch.storage._load_from_bytes"))
        #expect(error([0x80, 2] + ascii("cos"))?.kind == .truncated(opcode: "GLOBAL"))
        #expect(error([0x80, 2, 0x2E])?.kind == .stackUnderflow(opcode: "STOP"))
        #expect(error([0x80, 2, 0x4E, 0x28, 0x85])?.kind == .stackUnderflow(opcode: "TUPLE1"))
        #expect(error([0x80, 2, 0x74])?.kind == .noMark(opcode: "TUPLE"))
        #expect(error([0x80, 2, 0x68, 7])?.kind == .memoMissing(index: 7))
        #expect(error([0x80, 2, 0x58, 0xFF, 0xFF, 0xFF, 0xFF])?.kind == .truncated(opcode: "BINUNICODE"))
        #expect(error([0x80, 2, 0x58, 1, 0, 0, 0, 0xFF])?.kind == .notUTF8)
        #expect(
            error([0x80, 2, 0x4E, 0x4E, 0x61])?.kind
                == .wrongType(opcode: "APPEND", expected: "a list or set", found: "None"))
        #expect(
            error([0x80, 2, 0x4E, 0x29, 0x52])?.kind
                == .wrongType(opcode: "REDUCE", expected: "a function", found: "None"))
    }

    @Test func refusesStoragesThatAreCalled() {
        let bytes = [0x80, 2] + ascii("ctorch\nFloatStorage\n") + [0x29, 0x52, 0x2E]
        #expect(
            error(bytes)?.kind == .badCall(function: "a storage class", reason: "storages come by persistent id only"))
    }

    /// A list that contains itself, nested tuples without end, and a tuple doubled fifty times cost what they weigh.
    @Test func boundsWhatNestsAndRepeats() throws {
        let cycle: [UInt8] = [0x80, 2, 0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E]
        #expect(throws: Never.self) { try run(cycle).get() }
        let deep = [0x80, 2, 0x29] + [UInt8](repeating: 0x85, count: 200_000) + [0x2E]
        #expect(throws: Never.self) { try run(deep).get() }
        var doubling: [UInt8] = [0x80, 2, 0x29, 0x71, 0]
        for _ in 0..<50 { doubling += [0x68, 0, 0x68, 0, 0x86, 0x71, 0] }
        #expect(throws: Never.self) { try run(doubling + [0x2E]).get() }
        let flood = [0x80, 2] + [UInt8](repeating: 0x4E, count: PickleMachine.stackLimit + 1) + [0x2E]
        #expect(error(flood)?.kind == .limit(of: "values on its stack", limit: PickleMachine.stackLimit))
    }

    @Test func refusesTensorsThatDoNotFitTheirStorage() throws {
        let storages = ["0": 0..<16]
        func entries(offset: UInt8, size: [UInt8], stride: [UInt8], count: UInt8 = 4) throws -> [TorchArchive.Entry] {
            func tuple(_ values: [UInt8]) -> [UInt8] { [0x28] + values.flatMap { [0x4B, $0] } + [0x74] }
            func text(_ text: String) -> [UInt8] { [0x58, UInt8(text.utf8.count), 0, 0, 0] + ascii(text) }
            let storage =
                [0x28] + text("storage") + ascii("ctorch\nFloatStorage\n") + text("0") + text("cpu") + [
                    0x4B, count, 0x74, 0x51,
                ]
            let call =
                ascii("ctorch._utils\n_rebuild_tensor_v2\n") + [0x28] + storage + [0x4B, offset] + tuple(size)
                + tuple(stride)
            let bytes = [0x80, 2, 0x7D] + text("w") + call + [0x89] + [0x7D, 0x74, 0x52, 0x73, 0x2E]
            return try bytes.withUnsafeBytes { buffer in
                var machine = PickleMachine(buffer)
                let root = try machine.run()
                return try TorchArchive.entries(root, machine) { storages[$0] }
            }
        }
        #expect(try entries(offset: 0, size: [2, 2], stride: [2, 1]).map(\.byteRange) == [0..<16])
        #expect(try entries(offset: 1, size: [2], stride: [2]).map(\.byteRange) == [4..<16])
        #expect(try entries(offset: 4, size: [0], stride: [1]).map(\.byteRange) == [16..<16])
        #expect(throws: TorchArchiveError.Kind.self) { try entries(offset: 1, size: [2, 2], stride: [2, 1]) }
        #expect(throws: TorchArchiveError.Kind.self) { try entries(offset: 0, size: [2], stride: [4]) }
        #expect(
            throws: TorchArchiveError.Kind.storageLength(key: "w", storage: "0", found: 16, elements: 5, dtype: .f32)
        ) { try entries(offset: 0, size: [1], stride: [1], count: 5) }
    }

    /// 10,000 inputs.
    @Test func survivesDamagedPickles() throws {
        let archive = try Array(Data(contentsOf: Fixtures.url("checkpoint/nested.pth")))
        let seed = try archive.withUnsafeBytes { buffer in
            let entry = try #require(try ZipArchive(buffer).entries.first { $0.name.hasSuffix("data.pkl") })
            return Array(buffer[entry.range])
        }
        #expect(throws: Never.self) { try run(seed).get() }
        var mutator = ByteMutator(seed: 3)
        for _ in 0..<10_000 { _ = run(mutator.mutate(seed)) }
    }
}
