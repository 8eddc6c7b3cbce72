internal import Foundation

/// Writes small files so that a reader sees the old content or the new, never half.
package enum AtomicWrite {
    /// Writes a temporary file in the same folder, flushes it, renames it and flushes the folder.
    /// - Throws: ``RunError/unwritable(path:reason:)``.
    package static func write(_ bytes: [UInt8], to path: String) throws(RunError) {
        let url = URL(filePath: path)
        let folder = url.deletingLastPathComponent().path
        // The form that a sweep of dead owners' files knows.
        let process = ProcessInfo.processInfo
        let temporary = "\(folder)/.\(url.lastPathComponent).tmp.\(process.hostName).\(process.processIdentifier)"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: FileProblem.text(errno: errno)) }
        var code = writeAll(bytes, descriptor)
        if code == 0, fsync(descriptor) != 0 { code = errno }
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(temporary, path) != 0 { code = errno }
        guard code == 0 else {
            unlink(temporary)
            throw .unwritable(path: path, reason: FileProblem.text(errno: code))
        }
        flush(folder: folder)
    }

    private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { buffer -> Int32 in
            var done = 0
            while done < buffer.count {
                let count = Foundation.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return errno }
                done += count
            }
            return 0
        }
    }

    /// A file system that cannot flush a folder, as some network ones cannot, is no reason to fail.
    private static func flush(folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 {
            _ = fsync(descriptor)
            close(descriptor)
        }
    }
}
