internal import Glibc
internal import Synchronization

/// Standard output, where a program's results go: what cannot be written there is an error, for nobody may take half a list
/// for a whole one.
package final class StandardOutput: Sendable {
    private let descriptor: Int32
    private let buffer = Mutex<[UInt8]>([])
    /// Bytes that are gathered before they are written.
    private static let bufferSize = 64 << 10

    /// - Parameter descriptor: another than 1 in tests.
    package init(descriptor: Int32 = 1) { self.descriptor = descriptor }

    /// Writes a line.
    /// - Throws: ``FileError``; with `EPIPE` where nobody reads on.
    package func line(_ text: String) throws(FileError) {
        let isFull = buffer.withLock { buffer in
            buffer += text.utf8
            buffer.append(UInt8(ascii: "\n"))
            return buffer.count >= Self.bufferSize
        }
        if isFull { try flush() }
    }

    /// Writes what was gathered.
    /// - Throws: ``FileError``.
    package func flush() throws(FileError) {
        let failure = buffer.withLock { buffer in
            defer { buffer.removeAll(keepingCapacity: true) }
            return buffer.withUnsafeBytes { FileError.writing($0, to: descriptor) }
        }
        if failure != 0 { throw FileError("write to", "standard output", code: failure) }
    }
}
