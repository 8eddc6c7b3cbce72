internal import Glibc

/// A folder below one that all users share, such as `/tmp`, which only this user can look into or change.
package enum PrivateFolder {
    /// The folder of a name: made, or found where an earlier process of this user made it. Where something else has the
    /// name, as what another user prepared for us, a folder of a new name is made.
    /// - Returns: the folder's path.
    /// - Throws: ``FileError``.
    package static func make(_ name: String, in parent: String) throws(FileError) -> String {
        let path = "\(parent)/\(name)"
        if mkdir(path, 0o700) == 0 || isOurs(path) { return path }
        guard errno == EEXIST else { throw FileError("create", path) }
        var template = Array("\(path)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError("create", path) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether the path is a folder, and no link, that nobody but this user can use. Leaves `errno` as it is.
    private static func isOurs(_ path: String) -> Bool {
        let code = errno
        defer { errno = code }
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
            && status.st_mode & 0o077 == 0
    }
}
