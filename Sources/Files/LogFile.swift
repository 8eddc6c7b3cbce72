internal import Glibc
internal import Synchronization

/// A file that lines are appended to, from any thread.
package final class LogFile: Sendable {
    /// −1 where the file cannot be written.
    private let descriptor: Mutex<Int32>

    /// - Parameter path: made where it is not there. A file that cannot be written is not missed: logging never stops a
    ///   run.
    package init(_ path: String) {
        // Appending, because a rank that coordinates and works has the file open twice.
        descriptor = Mutex(open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644))
    }

    deinit { descriptor.withLock { if $0 >= 0 { _ = close($0) } } }

    /// Appends text; what cannot be written is lost.
    package func append(_ text: String) {
        let bytes = Array(text.utf8)
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            _ = bytes.withUnsafeBytes { FileError.writing($0, to: descriptor) }
        }
    }
}
