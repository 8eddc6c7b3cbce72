import Glibc

/// A file open for reading at any offset. Reads block; several threads may read at once.
package final class InputFile: Sendable {
    /// The path it was opened with.
    package let path: String
    /// The file's length in bytes when it was opened.
    package let size: Int
    /// When the file was last changed before it was opened, in nanoseconds since 1970.
    package let modified: Int64
    private let descriptor: Int32

    /// Opens a regular file, symbolic links followed.
    /// - Throws: ``FileError``; a folder is refused with `EISDIR`.
    package init(_ path: String) throws(FileError) {
        // Without O_NONBLOCK the opening of a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError("open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let error = FileError("inspect", path)
            close(descriptor)
            throw error
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError("read", path, code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
        }
        self.path = path
        self.size = Int(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The bytes `offset..<offset + count`, which the caller has taken from the file or an index.
    /// - Throws: ``FileError`` with `ENODATA` where the file is too short; nothing is reserved before that is known.
    package func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
            throw FileError("read \(count) bytes at offset \(offset) of", path, code: ENODATA)
        }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let status = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, offset + filled)
                if status < 0, errno == EINTR { continue }
                if status <= 0 {
                    failure = status < 0 ? errno : ENODATA
                    return
                }
                filled += status
            }
        }
        if failure != 0 { throw FileError("read", path, code: failure) }
        return bytes
    }

    /// The whole file.
    /// - Parameter limit: the most bytes that it may have.
    /// - Throws: ``FileError`` with `EFBIG` where it is longer.
    package func readAll(limit: Int) throws(FileError) -> [UInt8] {
        guard size <= limit else { throw FileError("read", path, code: EFBIG) }
        return try read(at: 0, count: size)
    }
}
