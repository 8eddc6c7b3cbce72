internal import Glibc

/// Bytes as a file, for libraries that read files alone. It has no name in any folder, so that nothing is left of it, however its
/// process ends.
package final class NamelessFile {
    private let descriptor: Int32

    /// Where this process can open it, for as long as this object lives.
    package var path: String { "/proc/self/fd/\(descriptor)" }

    /// - Parameter folder: on whose disk it is, such as that for temporary files.
    /// - Throws: ``FileError``.
    package init(_ bytes: [UInt8], in folder: String) throws(FileError) {
        let name = "\(folder)/seehear-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError("create a file in", folder) }
        unlink(name)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            guard count > 0 || errno == EINTR else { throw FileError("write a file in", folder) }
            written += max(count, 0)
        }
    }

    deinit { close(descriptor) }
}
