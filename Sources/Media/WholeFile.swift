import Glibc

/// Writes a file so that it is there whole or not at all.
package enum WholeFile {
    /// Writes under a temporary name beside `path`, flushes, and renames; an existing file is replaced.
    ///
    /// - Throws: ``MediaError`` of kind `failed` with the system's words.
    package static func write(_ bytes: [UInt8], to path: String) throws(MediaError) {
        func failure(_ code: Int32) -> MediaError {
            MediaError(
                .failed, file: path, doing: "write it", found: String(cString: strerror(code)),
                remedy: "check the folder, its permissions, and the space that is left")
        }
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? ""
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let temporary = "\(folder).\(name).tmp.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(errno) }
        var status = bytes.withUnsafeBytes { put($0, descriptor) }
        if status == 0, fsync(descriptor) != 0 { status = errno }
        if close(descriptor) != 0, status == 0 { status = errno }
        if status == 0, rename(temporary, path) != 0 { status = errno }
        guard status == 0 else {
            unlink(temporary)
            throw failure(status)
        }
    }

    /// 0, or the errno with which it stopped.
    private static func put(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) -> Int32 {
        var done = 0
        while done < bytes.count {
            let wrote = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if wrote < 0 {
                if errno == EINTR { continue }
                return errno
            }
            done += wrote
        }
        return 0
    }
}
