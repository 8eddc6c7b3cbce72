import Glibc

/// A file open for reading at any offset. Reads block; several threads may read at once.
package final class InputFile: Sendable {
    /// The path it was opened with.
    package let path: String
    /// How the file looked when it was opened.
    package let stamp: FileStamp
    private let descriptor: Int32

    /// Opens a regular file.
    /// - Parameter followingLinks: whether the path may be a symbolic link. The files of a run never are, and one that is
    ///   could lead anywhere.
    /// - Throws: ``FileError``; anything but a regular file is named as its ``FileError/obstacle``.
    package init(_ path: String, followingLinks: Bool = true) throws(FileError) {
        // Looked at before it is opened: opening a device can do things, opening a pipe can wait.
        var status = stat()
        guard (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { throw FileError("open", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(notRegular: status.st_mode, path) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followingLinks ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { throw FileError("open", path) }
        guard fstat(descriptor, &status) == 0 else {
            let error = FileError("inspect", path)
            close(descriptor)
            throw error
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError(notRegular: status.st_mode, path)
        }
        self.path = path
        stamp = FileStamp(status)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The file's length in bytes when it was opened.
    package var size: Int { stamp.size }
    /// When the file was last changed before it was opened, in nanoseconds since 1970.
    package var modified: Int64 { stamp.modified }

    /// How the file looks now, whatever its path leads to meanwhile.
    /// - Throws: ``FileError``.
    package func stampNow() throws(FileError) -> FileStamp {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("inspect", path) }
        return FileStamp(status)
    }

    /// Reads a small file whole.
    /// - Parameters:
    ///   - limit: the most bytes that it may have.
    ///   - followingLinks: as in ``init(_:followingLinks:)``.
    /// - Throws: ``FileError``, with `EFBIG` where it is longer.
    package static func bytes(of path: String, limit: Int, followingLinks: Bool = true) throws(FileError) -> [UInt8] {
        try InputFile(path, followingLinks: followingLinks).readAll(limit: limit)
    }

    /// A file of a run, which is no link; nil where nothing has that name.
    /// - Throws: ``FileError`` where something has it that cannot be read, or is no regular file.
    package static func ofRun(_ path: String) throws(FileError) -> InputFile? {
        do throws(FileError) {
            return try InputFile(path, followingLinks: false)
        } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
    }

    /// Fills a buffer from an offset on.
    /// - Returns: the bytes read, 0 at the end, or the negative `errno`.
    package func read(into buffer: UnsafeMutableRawPointer, at offset: Int, count: Int) -> Int {
        while true {
            let status = pread(descriptor, buffer, count, offset)
            if status >= 0 { return status }
            if errno != EINTR { return -Int(errno) }
        }
    }

    /// The whole file, mapped into memory; nil where it is empty.
    /// - Throws: ``FileError``.
    func mapped() throws(FileError) -> UnsafeRawBufferPointer? {
        guard size > 0 else { return nil }
        guard let base = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
            throw FileError("map", path)
        }
        return UnsafeRawBufferPointer(start: base, count: size)
    }

    /// The bytes `offset..<offset + count`, which the caller has taken from the file or an index.
    /// - Throws: ``FileError`` with `ENODATA` where the file is too short; nothing is reserved before that is known.
    package func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
            throw FileError("read \(count) bytes at offset \(offset) of", path, code: ENODATA)
        }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            while filled < count {
                let status = read(into: base + filled, at: offset + filled, count: count - filled)
                if status <= 0 {
                    failure = status < 0 ? Int32(-status) : ENODATA
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
