import TestSupport
import Testing

@testable import Coordinator

@Suite("Wire: messages")
struct WireTests {
    static let messages: [WireMessage] = {
        let worker: [WorkerMessage] = [
            .hello(WorkerIdentity(host: "knoten-7.über", pid: 4711, device: "cuda:1 H200", configSHA256: "00ff")),
            .ready(credit: 2), .started(batch: 0),
            .finished(
                BatchReport(batch: 17, succeeded: 7, failed: 1, bytes: 1 << 40, seconds: 12.25, published: true)),
            .failed(batch: 3, BatchFailure(kind: "deviceLost", message: "the device fell off", retryable: true)),
            .released(batch: .max), .heartbeat(batch: 5, fraction: 0.75), .heartbeat(batch: nil, fraction: 0),
            .goodbye(reason: ""), .goodbye(reason: "nobody answers", mayPass: true), .sampleBegun(batch: 4, sample: 35),
            .crashed(reason: "it crashed (signal 11)"),
            .segment(batch: 8, .offered(sidecarBytes: 1 << 20, dataBytes: 1 << 40)),
            .segment(batch: 8, .piece(offset: 0, [])), .segment(batch: 8, .piece(offset: 1 << 40, [0, 255, 7])),
            .wantsRun(offset: 0), .wantsRun(offset: 9),
        ]
        let coordinator: [CoordinatorMessage] = [
            .welcome, .assign(BatchOrder(batch: 12)), .cancel(batch: 12), .drain, .alive, .stop(.finished),
            .dismiss(everyoneAlive: true),
            .assign(BatchOrder(batch: 3, isolation: .batch)),
            .assign(BatchOrder(batch: 3, isolation: .samples, excluded: [7: "it ended its process", 25: ""])),
            .stop(.stopped), .stop(.refused("another run")), .dismiss(everyoneAlive: false),
            .segment(batch: 8, .fetch(offset: 1 << 40, count: WireFormat.largestPiece)),
            .segment(batch: 8, .stored(published: true)), .segment(batch: 8, .refused("no segment")),
            .run(RunPiece()), .run(RunPiece(sizes: .init(description: 2, plan: 1), offset: 2, bytes: [9])),
        ]
        return worker.map { WireMessage(epoch: 7, .worker($0)) }
            + coordinator.map { WireMessage(epoch: .max, .coordinator($0)) }
    }()

    @Test("every message comes back", arguments: messages)
    func roundTrip(message: WireMessage) throws {
        #expect(try WireMessage(decoding: message.encoded()) == message)
    }

    @Test("every prefix is too short, every suffix too long", arguments: messages)
    func lengths(message: WireMessage) {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try WireMessage(decoding: Array(bytes.prefix(count))) }
        }
        #expect(throws: WireError.trailing(count: 1)) { try WireMessage(decoding: bytes + [0]) }
    }

    @Test("each way to be wrong has its error")
    func errors() {
        let ready = WireMessage(epoch: 1, .worker(.ready(credit: 2))).encoded()
        func changed(_ index: Int, _ value: UInt8) -> [UInt8] {
            var bytes = ready
            bytes[index] = value
            return bytes
        }
        #expect(throws: WireError.notAMessage(found: [83, 72, 0])) { try WireMessage(decoding: changed(2, 0)) }
        #expect(throws: WireError.version(found: 9, expected: 5)) { try WireMessage(decoding: changed(3, 9)) }
        #expect(throws: WireError.unknownKind(200)) { try WireMessage(decoding: changed(12, 200)) }
        #expect(throws: WireError.value(field: "credit", found: "65", allowed: "between 0 and 64")) {
            try WireMessage(decoding: changed(13, 65))
        }
        #expect(throws: WireError.truncated(field: "credit", needed: 8, found: 7)) {
            try WireMessage(decoding: ready.dropLast())
        }
        // One order has one encoding: samples ascend.
        var order = WireMessage(epoch: 1, .coordinator(.assign(BatchOrder(batch: 1, excluded: [2: "", 4: ""]))))
            .encoded()
        order[order.count - 16] = 2
        #expect(throws: WireError.value(field: "excluded sample", found: "2", allowed: "more than 2")) {
            try WireMessage(decoding: order)
        }
        var goodbye = WireMessage(epoch: 1, .worker(.goodbye(reason: "ab"))).encoded()
        goodbye[goodbye.count - 1] = 0xFF
        #expect(throws: WireError.notUTF8(field: "reason")) { try WireMessage(decoding: goodbye) }
        var long = WireMessage(epoch: 1, .worker(.goodbye(reason: "ab"))).encoded()
        long[20] = 0x7F
        #expect(throws: WireError.self) { try WireMessage(decoding: long) }
        let beat = WireMessage(epoch: 1, .worker(.heartbeat(batch: nil, fraction: 0))).encoded()
        for bits in [Double.nan.bitPattern, (-0.0).bitPattern, Double.infinity.bitPattern, (1.5).bitPattern] {
            let bytes = beat.dropLast(8) + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
            #expect(throws: WireError.self) { try WireMessage(decoding: Array(bytes)) }
        }
    }

    @Test("a long text is cut between characters")
    func longText() throws {
        let text = "a" + String(repeating: "ü", count: WireFormat.longestText)
        let message = try WireMessage(decoding: WireMessage(epoch: 1, .worker(.goodbye(reason: text))).encoded())
        guard case .worker(.goodbye(let cut, mayPass: false)) = message.body else {
            Issue.record("\(message)")
            return
        }
        #expect(text.hasPrefix(cut))
        #expect(cut.utf8.count == WireFormat.longestText - 1)
    }

    @Test("10000 mutated inputs: each is an error or the encoding of what it decodes to")
    func fuzz() {
        var random = SplitMix64(seed: 20)
        var mutator = ByteMutator(seed: 20)
        var decoded = 0
        for _ in 0..<10_000 {
            let bytes = mutator.mutate(Self.messages.randomElement(using: &random)?.encoded() ?? [])
            if let message = try? WireMessage(decoding: bytes) {
                decoded += 1
                #expect(message.encoded() == bytes)
            }
        }
        #expect(decoded > 100)
    }
}
