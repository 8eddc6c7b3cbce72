internal import Files
internal import Foundation
internal import Synchronization
internal import Threads

/// A child of this process, joined by two pipes, that does not outlive it.
package final class SpawnedProcess: ChildProcess {
    /// The descriptors under which a child finds the pipes.
    package static let input: Int32 = 3
    package static let output: Int32 = 4

    package let transport: any Transport
    private let identifier: pid_t
    private let ended: Task<ChildExit, Never>
    private let isReaped: ReapedFlag

    private final class ReapedFlag: Sendable {
        let value = Mutex(false)
    }

    /// Starts a program.
    /// - Parameters:
    ///   - program: its path.
    ///   - arguments: from its name on.
    ///   - rank: the rank that both ends have.
    /// - Throws: ``SpawnError``, ``ThreadError``.
    package static func start(_ program: String, _ arguments: [String], rank: Int) async throws -> SpawnedProcess {
        let thread = try WorkThread("child")
        let (identifier, input, output) = try await thread.perform { try spawn(program, arguments) }
        do {
            let transport = try PipeTransport(rank: rank, peer: rank, input: input, output: output)
            return SpawnedProcess(identifier, transport, thread)
        } catch {
            // Nobody would hear it, or wait for it.
            Foundation.kill(identifier, SIGKILL)
            _ = try await thread.perform { wait(for: identifier, ReapedFlag()) }
            throw error
        }
    }

    private init(_ identifier: pid_t, _ transport: PipeTransport, _ thread: WorkThread) {
        self.identifier = identifier
        self.transport = transport
        let isReaped = ReapedFlag()
        self.isReaped = isReaped
        // On the thread that started it: the kernel ends a child with the thread that made it.
        ended = Task {
            (try? await thread.perform { Self.wait(for: identifier, isReaped) }) ?? .code(-1)
        }
    }

    package func exit() async -> ChildExit { await ended.value }

    package func kill() {
        // Its number is its own until it is reaped.
        isReaped.value.withLock { if !$0 { _ = Foundation.kill(identifier, SIGKILL) } }
    }

    private static func wait(for identifier: pid_t, _ isReaped: ReapedFlag) -> ChildExit {
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return isReaped.value.withLock { isReaped in
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
            isReaped = true
            let signal = status & 0x7f
            return signal == 0 ? .code(status >> 8 & 0xff) : .signal(signal)
        }
    }

    private static func spawn(
        _ program: String, _ arguments: [String]
    ) throws(SpawnError) -> (pid_t, input: Int32, output: Int32) {
        let down = try pipe()
        let up: (read: Int32, write: Int32)
        do throws(SpawnError) {
            up = try pipe()
        } catch {
            close(down.read)
            close(down.write)
            throw error
        }
        defer {
            close(down.read)
            close(up.write)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, down.read, input)
        posix_spawn_file_actions_adddup2(&actions, up.write, output)
        // Threads of the pool block all signals, and a child would begin with that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var identifier: pid_t = 0
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        let code = posix_spawn(&identifier, program, &actions, &attributes, &words, environ)
        guard code == 0 else {
            close(down.write)
            close(up.read)
            throw SpawnError(program: program, reason: SystemError.text(code))
        }
        return (identifier, up.read, down.write)
    }

    /// Both ends above the numbers that the child gets, and gone in every other child.
    private static func pipe() throws(SpawnError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Foundation.pipe(&ends) == 0 else {
            throw SpawnError(program: "pipe", reason: SystemError.last)
        }
        defer { ends.forEach { close($0) } }
        let high = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 16) }
        guard high.allSatisfy({ $0 >= 0 }) else {
            let reason = SystemError.last
            for end in high where end >= 0 { close(end) }
            throw SpawnError(program: "pipe", reason: reason)
        }
        return (high[0], high[1])
    }
}

/// Why a process could not be started.
package struct SpawnError: Error, Equatable, CustomStringConvertible {
    let program: String
    let reason: String

    package var description: String { "\(program) could not be started: \(reason)." }
}

/// What a child does first.
package enum ChildLife {
    /// Leaves the signals that end a run early to the parent, and asks the kernel to end this process with it, also while it
    /// is stopped.
    /// - Returns: false where the parent is gone already.
    package static func begin() -> Bool {
        for number in [SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP] { signal(number, SIG_IGN) }
        // Declared with variable arguments, which Swift does not see.
        typealias Function = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
        let parent = getppid()
        if let symbol = dlsym(nil, "prctl") {
            let setParentDeathSignal: Int32 = 1
            _ = unsafeBitCast(symbol, to: Function.self)(setParentDeathSignal, UInt(SIGKILL), 0, 0, 0)
        }
        return parent != 1 && getppid() == parent
    }
}
