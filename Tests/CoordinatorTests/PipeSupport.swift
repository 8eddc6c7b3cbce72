import Foundation
import Threads

@testable import Coordinator

/// Rank 0's end of several connections, each to a rank of its own.
struct PipeHub: Transport {
    let rank = 0
    let peers: [Int]
    let events: AsyncStream<TransportEvent>
    private let pipes: [Int: any Transport]

    init(_ pipes: [any Transport]) {
        peers = pipes.flatMap(\.peers).sorted()
        self.pipes = Dictionary(uniqueKeysWithValues: pipes.flatMap { pipe in pipe.peers.map { ($0, pipe) } })
        let (events, sink) = AsyncStream.makeStream(of: TransportEvent.self)
        self.events = events
        for pipe in pipes { Task { for await event in pipe.events { sink.yield(event) } } }
    }

    func send(_ bytes: [UInt8], to rank: Int) async throws(TransportError) {
        guard let pipe = pipes[rank] else { throw .unknownRank(rank, peers: peers) }
        try await pipe.send(bytes, to: rank)
    }
}

/// A pipe of the system, of which tests hold one end or both.
struct RawPipe: Sendable {
    let read: Int32
    let write: Int32
    /// What both ends are called under `/proc/self/fd`.
    private let name: String

    /// - Parameter capacity: bytes that it holds, 4096 or more.
    init(capacity: Int32 = 65_536) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        // Programs that other tests start meanwhile are not to hold it open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (read, write) = (ends[0], ends[1])
        let setPipeSize: Int32 = 1031
        _ = fcntl(write, setPipeSize, capacity)
        name = try Self.name(of: read)
    }

    /// How many descriptors of this process are ends of it.
    var openEnds: Int {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return all.compactMap { Int32($0) }.count { (try? Self.name(of: $0)) == name }
    }

    private static func name(of descriptor: Int32) throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    }

    /// Writes pieces one after the other, with something before each, then closes the end.
    func feed(_ pieces: [[UInt8]], before: @escaping @Sendable () throws -> Void = { sched_yield() }) async throws {
        try await WorkThread("writer").perform {
            Interruption.mask(SIG_BLOCK, [SIGPIPE])
            defer { close(write) }
            for piece in pieces {
                try before()
                piece.withUnsafeBytes { _ = Foundation.write(write, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Reads so many bytes, a few at a time; fewer at the end, and where nothing comes any more.
    func take(_ count: Int = .max) async throws -> [UInt8] {
        try await WorkThread("reader").perform {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1000)
            var ready = pollfd(fd: read, events: Int16(POLLIN), revents: 0)
            while bytes.count < count, poll(&ready, 1, 20_000) > 0 {
                let got = Foundation.read(read, &buffer, min(buffer.count, count - bytes.count))
                guard got > 0 else { break }
                bytes += buffer[..<got]
            }
            return bytes
        }
    }

    /// How a message looks in a pipe.
    static func frame(_ message: [UInt8]) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: message.count >> (8 * $0)) } + message
    }
}

extension PipeTransport {
    /// Both ends of a connection between rank 0 and another, in this process.
    static func pair(rank: Int, waits: Bool = false) throws -> (above: PipeTransport, below: PipeTransport) {
        let (down, up) = (try RawPipe(), try RawPipe())
        return (
            try PipeTransport(rank: 0, peer: rank, input: up.read, output: down.write),
            try PipeTransport(rank: rank, peer: 0, input: down.read, output: up.write, waits: waits)
        )
    }

    /// Rank 0's end that hears from a pipe and is not heard.
    static func hearing(_ descriptor: Int32) throws -> PipeTransport {
        try PipeTransport(rank: 0, peer: 1, input: descriptor, output: open("/dev/null", O_WRONLY | O_CLOEXEC))
    }

    /// Rank 0's end that talks into a pipe and hears only the end.
    static func talking(into pipe: RawPipe, waits: Bool = false) throws -> PipeTransport {
        try PipeTransport(
            rank: 0, peer: 1, input: open("/dev/null", O_RDONLY | O_CLOEXEC), output: pipe.write, waits: waits)
    }

    /// All that comes.
    func everything() async -> [TransportEvent] {
        var all: [TransportEvent] = []
        for await event in events { all.append(event) }
        return all
    }
}

/// A signal that means nothing, for whoever waits in a call of the system.
enum Interruption {
    /// Blocked where ``signal`` may strike, which tells those threads from all others: Foundation's file handles do not
    /// survive an interruption.
    private static let mark = SIGWINCH
    private static let signal = SIGURG

    /// Makes something whose threads may be interrupted: threads take over what the one that starts them lets through.
    static func allowed<R: Sendable>(_ make: @escaping @Sendable () throws -> R) async throws -> R {
        try await WorkThread("interrupted").perform {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in }
            sigaction(signal, &action, nil)
            mask(SIG_BLOCK, [mark])
            mask(SIG_UNBLOCK, [signal, SIGPIPE])
            return try make()
        }
    }

    /// Blocks signals on this thread, or lets them through.
    static func mask(_ how: Int32, _ numbers: [Int32]) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in numbers { sigaddset(&signals, number) }
        pthread_sigmask(how, &signals, nil)
    }

    /// Interrupts the threads of what ``allowed(_:)`` made.
    /// - Returns: how many there are.
    static func strike() throws -> Int {
        // Not declared for Swift.
        typealias Function = @convention(c) (pid_t, pid_t, Int32) -> Int32
        guard let symbol = dlsym(nil, "tgkill") else { throw POSIXError(.ENOSYS) }
        let kill = unsafeBitCast(symbol, to: Function.self)
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").filter { thread in
            let blocked = blocked(by: thread)
            return blocked >> UInt64(mark - 1) & 1 == 1 && blocked >> UInt64(signal - 1) & 1 == 0
        }
        for thread in threads { _ = pid_t(thread).map { kill(getpid(), $0, signal) } }
        return threads.count
    }

    /// The signals that a thread of this process blocks, the first in the lowest bit; none of a thread that is gone.
    private static func blocked(by thread: String) -> UInt64 {
        let status = (try? String(contentsOfFile: "/proc/self/task/\(thread)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
        return line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0
    }
}
