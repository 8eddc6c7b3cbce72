import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

@Suite("Transport: pipes", .timeLimit(.minutes(1)))
struct PipeTransportTests {
    private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

    // MARK: - Reading

    @Test("messages arrive whole, however the bytes come", arguments: 0..<20)
    func pieces(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let messages = [0, 1, 3, 4, 300, 0, 70_000, 5].map(Self.pattern)
        var bytes = messages.flatMap(RawPipe.frame)[...]
        var pieces: [[UInt8]] = []
        while !bytes.isEmpty {
            // Parts of a length, and more than one message at once.
            let count = Int.random(in: 1...(Bool.random(using: &random) ? 3 : 9000), using: &random)
            pieces.append(Array(bytes.prefix(count)))
            bytes = bytes.dropFirst(count)
        }
        let pipe = try RawPipe(capacity: 4096)
        let transport = try PipeTransport.hearing(pipe.read)
        try await pipe.feed(pieces)
        #expect(await transport.everything() == messages.map { .message(from: 1, $0) } + [.peerFailed(1)])
    }

    @Test("wherever the bytes end, whole messages came and half ones never were")
    func ends() async throws {
        let frame = RawPipe.frame(Array("hello".utf8))
        for count in 0...2 * frame.count {
            let pipe = try RawPipe()
            let transport = try PipeTransport.hearing(pipe.read)
            try await pipe.feed([Array((frame + frame).prefix(count))])
            let whole = Array(
                repeating: TransportEvent.message(from: 1, Array("hello".utf8)), count: count / frame.count)
            #expect(await transport.everything() == whole + [.peerFailed(1)])
        }
    }

    @Test("an input that cannot be read is told with its reason")
    func unreadable() async throws {
        let events = try await PipeTransport.hearing(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)).everything()
        guard case .broken(let why)? = events.first, events.count == 1 else {
            Issue.record("\(events)")
            return
        }
        #expect(why.contains("Is a directory"))
    }

    // MARK: - Writing

    @Test("a message that is larger than the pipe is written piece by piece, as it is read")
    func largerThanThePipe() async throws {
        let pipe = try RawPipe(capacity: 4096)
        let transport = try PipeTransport.talking(into: pipe)
        let message = Self.pattern(200_003)
        try await transport.send(message, to: 1)
        try await transport.send([7], to: 1)
        #expect(try await pipe.take(200_003 + 9) == RawPipe.frame(message) + RawPipe.frame([7]))
        close(pipe.read)
    }

    @Test("the largest message arrives, and one byte more is an error")
    func largest() async throws {
        let (above, below) = try PipeTransport.pair(rank: 2)
        let limit = PipeTransport.largestMessage
        await #expect(throws: TransportError.tooLarge(bytes: limit + 1, limit: limit)) {
            try await above.send([UInt8](repeating: 1, count: limit + 1), to: 2)
        }
        let message = [UInt8](repeating: 3, count: limit)
        try await above.send(message, to: 2)
        var events = below.events.makeAsyncIterator()
        #expect(await events.next() == .message(from: 0, message))
    }

    @Test("sending does not wait for a reader that stops; all is there when it goes on")
    func stoppedReader() async throws {
        let pipe = try RawPipe(capacity: 4096)
        let transport = try PipeTransport.talking(into: pipe)
        let messages = (0..<50).map { Self.pattern(20_000 + $0) }
        for message in messages { try await transport.send(message, to: 1) }
        let bytes = messages.flatMap(RawPipe.frame)
        #expect(try await pipe.take(bytes.count) == bytes)
        close(pipe.read)
    }

    @Test("an end that is to wait has given the message to the pipe when it returns")
    func waits() async throws {
        let pipe = try RawPipe(capacity: 4096)
        let transport = try PipeTransport.talking(into: pipe, waits: true)
        try await transport.send([1, 2, 3], to: 1)
        var there: Int32 = 0
        #expect(ioctl(pipe.read, UInt(FIONREAD), &there) == 0 && there == 7)
        let message = Self.pattern(50_000)
        let isTaken = Flag()
        let sending = Task {
            try await transport.send(message, to: 1)
            isTaken.raise()
        }
        // What is left then does not fit into the pipe.
        let first = try await pipe.take(40_000)
        try await Task.sleep(for: .milliseconds(20))
        #expect(!isTaken.isRaised)
        #expect(try await first + pipe.take(7 + 50_004 - 40_000) == RawPipe.frame([1, 2, 3]) + RawPipe.frame(message))
        try await sending.value
        close(pipe.read)
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isRaised: Bool { value.withLock { $0 } }
        func raise() { value.withLock { $0 = true } }
    }

    @Test("what a signal interrupts in the middle of a message goes on where it was")
    func interrupted() async throws {
        let (down, up) = (try RawPipe(capacity: 4096), try RawPipe())
        let transport = try await Interruption.allowed {
            try PipeTransport(rank: 0, peer: 1, input: up.read, output: down.write)
        }
        // More than the pipe holds: the writer waits as the reader does.
        let message = Self.pattern(20_000)
        try await transport.send(message, to: 1)
        try await up.feed(RawPipe.frame([1, 2, 3]).map { [$0] }) {
            for _ in 0..<3 {
                usleep(2000)
                let struck = try Interruption.strike()
                #expect(struck >= 2)
            }
        }
        #expect(await transport.everything() == [.message(from: 1, [1, 2, 3]), .peerFailed(1)])
        #expect(try await down.take(20_004) == RawPipe.frame(message))
        close(down.read)
    }

    // MARK: - Ends

    @Test("an end that is let go of writes what waits, then closes both ways")
    func letGo() async throws {
        let (down, up) = (try RawPipe(capacity: 4096), try RawPipe())
        let messages = (0..<9).map { Self.pattern(10_000 + $0) }
        var transport: PipeTransport? = try PipeTransport(rank: 0, peer: 1, input: up.read, output: down.write)
        for message in messages { try await transport?.send(message, to: 1) }
        transport = nil
        #expect(try await down.take() == messages.flatMap(RawPipe.frame))
        close(down.read)
        close(up.write)
        while down.openEnds + up.openEnds > 0 { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test("the other end hears of it after the last message")
    func lastMessage() async throws {
        func talkedTo() async throws -> PipeTransport {
            let (above, below) = try PipeTransport.pair(rank: 2)
            try await below.send([1], to: 0)
            return above
        }
        #expect(try await talkedTo().everything() == [.message(from: 2, [1]), .peerFailed(2)])
    }

    @Test("a reader that is gone is no error and no signal: sending goes on, and the end of its own pipe tells")
    func readerGone() async throws {
        let (down, up) = (try RawPipe(), try RawPipe())
        // Threads that the pool starts block signals as the pool does; others do not.
        let transport = try await Interruption.allowed {
            try PipeTransport(rank: 0, peer: 1, input: up.read, output: down.write, waits: true)
        }
        close(down.read)
        for size in [1, 100_000] { try await transport.send(Self.pattern(size), to: 1) }
        close(up.write)
        #expect(await transport.everything() == [.peerFailed(1)])
    }

    @Test("a reader that goes in the middle of a message lets the writer go")
    func readerLeaves() async throws {
        let pipe = try RawPipe(capacity: 4096)
        let transport = try PipeTransport.talking(into: pipe, waits: true)
        let sending = Task { try await transport.send(Self.pattern(100_000), to: 1) }
        #expect(try await pipe.take(5000).count == 5000)
        close(pipe.read)
        try await sending.value
    }
}
