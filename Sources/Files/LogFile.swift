internal import Glibc
internal import Synchronization

/// A file that lines are appended to, from any thread.
package final class LogFile: Sendable {
    /// Why nothing is written; nil where all is well.
    package let problem: FileError?
    /// −1 where the file cannot be written.
    private let descriptor: Mutex<Int32>

    /// - Parameter path: made where it is not there; neither it nor its folder may be a link. A file that cannot be
    ///   written, or is not ours, is left alone, and ``problem`` says why: logging never stops a run.
    package init(_ path: String) {
        do throws(FileError) {
            try Self.refuseLinkedFolder(of: path)
            // Appending, because a rank that coordinates and works has the file open twice.
            descriptor = Mutex(try OwnFile.open(path, O_WRONLY | O_APPEND))
            problem = nil
        } catch {
            descriptor = Mutex(-1)
            problem = error
        }
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

    private static func refuseLinkedFolder(of path: String) throws(FileError) {
        let folder = Directory.folder(of: path)
        var status = stat()
        if lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
            throw FileError("open", path, found: "in a folder that is a link", needed: "a folder")
        }
    }
}
