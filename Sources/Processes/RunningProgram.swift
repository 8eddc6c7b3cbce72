internal import Glibc

/// A program that runs beside this one, whose words are collected and whose time is limited. Nothing waits here unless asked to, and
/// no thread is needed: whoever has it looks from time to time.
package final class RunningProgram {
    /// Most bytes that are kept of each stream; the rest is read and forgotten.
    private static let kept = 1 << 20
    /// From SIGTERM to SIGKILL.
    private static let patience: Duration = .seconds(2)
    /// From SIGKILL until a process that the kernel cannot end, as in a call of a driver that hangs, is left to itself.
    private static let resignation: Duration = .seconds(10)

    private let process: pid_t
    private let streams: [Int32]
    private var words: [[UInt8]] = [[], []]
    private var isOpen = [true, true]
    private let deadline: ContinuousClock.Instant
    private var warned: ContinuousClock.Instant?
    private var exitCode: Int32?

    /// Starts it, in a session of its own, without anything to read.
    /// - Parameter limit: after which it is ended, with what it started.
    /// - Throws: ``SpawnError``.
    package init(_ spawn: Spawn, limit: Duration) throws(SpawnError) {
        let output = try PipeEnds()
        let errors: PipeEnds
        do throws(SpawnError) {
            errors = try PipeEnds()
        } catch {
            close(output.read)
            close(output.write)
            throw error
        }
        defer {
            close(output.write)
            close(errors.write)
        }
        var spawn = spawn
        spawn.descriptors[1] = output.write
        spawn.descriptors[2] = errors.write
        spawn.ownSession = true
        do throws(SpawnError) {
            process = try spawn.start()
        } catch {
            close(output.read)
            close(errors.read)
            throw error
        }
        streams = [output.read, errors.read]
        for stream in streams { _ = fcntl(stream, F_SETFL, O_NONBLOCK) }
        deadline = .now + limit
    }

    deinit {
        streams.forEach { close($0) }
        guard exitCode == nil else { return }
        kill(-process, SIGKILL)
        for _ in 0..<1000 where ChildStatus.exitCode(of: process) == nil { usleep(1000) }
    }

    /// Collects what has come, and ends the program where its time is over.
    /// - Returns: what became of it; nil while it runs.
    package func look() -> ProcessOutput? {
        read()
        if exitCode == nil {
            exitCode = ChildStatus.exitCode(of: process)
            // What it wrote last may have come between the two.
            if exitCode != nil { read() }
        }
        guard let exitCode = exitCode ?? expire() else { return nil }
        return ProcessOutput(status: exitCode, output: text(0), errors: text(1), timedOut: warned != nil)
    }

    /// Waits for its end.
    package func wait() -> ProcessOutput {
        while true {
            if let output = look() { return output }
            var polled = zip(streams, isOpen).map { pollfd(fd: $1 ? $0 : -1, events: Int16(POLLIN), revents: 0) }
            poll(&polled, 2, 20)
        }
    }

    /// - Returns: the exit code of what nobody waits for any more.
    private func expire() -> Int32? {
        let now = ContinuousClock.now
        if let warned {
            if now - warned > Self.patience { kill(-process, SIGKILL) }
            if now - warned > Self.patience + Self.resignation { return 128 + SIGKILL }
        } else if now > deadline {
            warned = now
            kill(-process, SIGTERM)
        }
        return nil
    }

    private func read(pieces: Int = 64) {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        for (index, stream) in streams.enumerated() {
            // Not to its end: one that writes without end has to be ended too.
            for _ in 0..<pieces where isOpen[index] {
                let count = piece.withUnsafeMutableBytes { Glibc.read(stream, $0.baseAddress, $0.count) }
                // Nothing yet, or, at 0, nothing any more.
                if count == 0 { isOpen[index] = false }
                guard count > 0 else { break }
                if words[index].count < Self.kept { words[index].append(contentsOf: piece[..<count]) }
            }
        }
    }

    private func text(_ index: Int) -> String { String(decoding: words[index], as: UTF8.self) }
}
