internal import Foundation
internal import Processes
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
        let down = try PipeEnds()
        let up: PipeEnds
        do throws(SpawnError) {
            up = try PipeEnds()
        } catch {
            close(down.read)
            close(down.write)
            throw error
        }
        defer {
            close(down.read)
            close(up.write)
        }
        var spawn = Spawn(program, arguments)
        spawn.descriptors = [input: down.read, output: up.write]
        do throws(SpawnError) {
            return (try spawn.start(), up.read, down.write)
        } catch {
            close(down.write)
            close(up.read)
            throw error
        }
    }
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
