internal import Files
internal import Glibc

/// The two ends of a pipe. No program inherits them, unless they are handed to it by name.
package struct PipeEnds: Sendable {
    package let read: Int32
    package let write: Int32

    /// Numbers from which on a program is handed nothing: ends there are not overwritten while it gets its own.
    private static let first: Int32 = 16

    /// - Throws: ``SpawnError``.
    package init() throws(SpawnError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SpawnError(program: "a pipe", reason: SystemError.last) }
        defer { ends.forEach { close($0) } }
        let high = ends.map { fcntl($0, F_DUPFD_CLOEXEC, Self.first) }
        guard high.allSatisfy({ $0 >= 0 }) else {
            let reason = SystemError.last
            for end in high where end >= 0 { close(end) }
            throw SpawnError(program: "a pipe", reason: reason)
        }
        (read, write) = (high[0], high[1])
    }
}
