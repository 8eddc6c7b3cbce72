internal import Glibc

/// A file that is written where it lies, such as a log, and not renamed into place: what has its name already may have been
/// put there by somebody else, to have us write into a third file.
package enum OwnFile {
    /// Opens a file for writing, or makes it. Nothing that is in it changes.
    /// - Parameter access: `O_WRONLY` or `O_RDWR`, with `O_APPEND` or not.
    /// - Returns: the descriptor.
    /// - Throws: ``FileError`` for a link, for anything but a regular file, and for a file that has a second name or belongs
    ///   neither to this user nor to the folder's owner.
    static func open(_ path: String, _ access: Int32) throws(FileError) -> Int32 {
        // Opening a pipe must not wait for its reader.
        let flags = access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let made = Glibc.open(path, flags | O_CREAT | O_EXCL, 0o644)
        if made >= 0 { return made }
        guard errno == EEXIST else { throw FileError("open", path) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw FileError("open", path) }
        try check(status, path)
        let descriptor = Glibc.open(path, flags)
        guard descriptor >= 0 else { throw FileError("open", path) }
        do throws(FileError) {
            // Once more: another file may have got the name meanwhile.
            guard fstat(descriptor, &status) == 0 else { throw FileError("inspect", path) }
            try check(status, path)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func check(_ status: stat, _ path: String) throws(FileError) {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(notRegular: status.st_mode, path, operation: "write")
        }
        guard status.st_nlink == 1 else {
            throw FileError("write", path, found: "a file that has another name too", needed: "a file with one name")
        }
        var folder = stat()
        guard stat(Directory.folder(of: path), &folder) == 0 else { throw FileError("inspect", path) }
        guard status.st_uid == geteuid() || status.st_uid == folder.st_uid else {
            throw FileError(
                "write", path, found: "a file of user \(status.st_uid)",
                needed: "one of our own or of the folder's owner")
        }
    }

    /// Writes a small file in place of what it held. A reader may see it empty or half written.
    /// - Throws: ``FileError``, as where the file is a link.
    package static func write(_ text: String, to path: String) throws(FileError) {
        let descriptor = try open(path, O_WRONLY)
        defer { close(descriptor) }
        guard ftruncate(descriptor, 0) == 0 else { throw FileError("write", path) }
        let bytes = Array(text.utf8)
        let failure = bytes.withUnsafeBytes { FileError.writing($0, to: descriptor) }
        if failure != 0 { throw FileError("write", path, code: failure) }
    }
}
