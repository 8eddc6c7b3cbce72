import Glibc

/// What is done with folders and the names in them.
package enum Directory {
    /// Makes a folder and those above it; one that exists is fine.
    /// - Throws: ``FileError``.
    package static func create(_ path: String) throws(FileError) {
        guard mkdir(path, 0o777) != 0 else { return }
        switch errno {
        case EEXIST where PathKind(path) == .folder: return
        case ENOENT:
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { throw FileError("create", path) }
            try create(String(path[..<slash]))
            guard mkdir(path, 0o777) == 0 || (errno == EEXIST && PathKind(path) == .folder) else {
                throw FileError("create", path)
            }
        default: throw FileError("create", path)
        }
    }

    /// The folder that a path names something in.
    static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The names in a folder in ascending order; none if the folder does not exist.
    /// - Throws: ``FileError``.
    package static func names(in path: String) throws(FileError) -> [String] {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return [] }
            throw FileError("list", path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        if errno != 0 { throw FileError("list", path) }
        return names.sorted()
    }

    /// Makes the folder's present entries survive a loss of power.
    /// - Throws: ``FileError``.
    package static func synchronize(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        // Some network file systems know no fsync of folders; their renames are durable by themselves or not at all.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw FileError("synchronize", path)
        }
    }

    /// The length in bytes of a regular file, or nil if there is none.
    package static func fileSize(_ path: String) -> Int? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Removes a file; one that is not there is fine.
    /// - Throws: ``FileError``.
    package static func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }

    /// Removes all that is in a folder.
    /// - Throws: ``FileError``.
    package static func empty(_ path: String) throws(FileError) {
        for name in try names(in: path) { try removeAll("\(path)/\(name)") }
    }

    /// Removes a folder with all that is in it; one that is not there is fine.
    /// - Throws: ``FileError``.
    package static func removeAll(_ path: String) throws(FileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else { return try remove(path) }
        try empty(path)
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }
}
