import Crypto
import Glibc

/// SHA-256 of files, read in pieces.
package enum FileDigest {
    private static let pieceSize = 4 << 20

    /// The digest in 64 lower-case hex digits. Blocks until the whole file is read.
    /// - Parameter progress: called after each piece with the bytes read so far and the size of the file; what it throws
    ///   ends the reading, which is how a caller cancels.
    /// - Throws: ``MappedFileError`` where the file cannot be read, or what `progress` throws.
    package static func sha256(
        path: String, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw MappedFileError.notRegular(path: path, kind: "no regular file")
        }
        let total = Int(status.st_size)
        var hash = SHA256()
        var done = 0
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
        defer { piece.deallocate() }
        while true {
            let count = read(descriptor, piece.baseAddress, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { break }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: piece[..<count]))
            done += count
            try progress(done, max(total, done))
        }
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func failure(_ path: String) -> MappedFileError {
        if errno == ENOENT || errno == ENOTDIR { return .missing(path: path) }
        return .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
}
