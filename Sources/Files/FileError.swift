internal import Glibc

/// A system call on a file that failed.
package struct FileError: Error, Equatable, CustomStringConvertible {
    /// What was being done, as an infinitive: "open", "rename".
    package let operation: String
    /// The file.
    package let path: String
    /// The `errno` of the call.
    package let code: Int32
    /// What the path leads to where a regular file is needed, such as "a folder"; nil for other failures.
    package let obstacle: String?
    /// What is needed instead of the obstacle.
    private let needed: String

    /// Makes an error, by default from the present `errno`.
    package init(_ operation: String, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
        obstacle = nil
        needed = ""
    }

    /// An error for a file that is not used although it is there.
    init(_ operation: String, _ path: String, found obstacle: String, needed: String) {
        self.operation = operation
        self.path = path
        code = EINVAL
        self.obstacle = obstacle
        self.needed = needed
    }

    /// An error for what is no regular file.
    init(notRegular mode: mode_t, _ path: String, operation: String = "read") {
        self.operation = operation
        self.path = path
        needed = "a regular file"
        code = mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
        obstacle =
            switch mode & S_IFMT {
            case S_IFDIR: "a folder"
            case S_IFLNK: "a link"
            case S_IFIFO: "a pipe"
            case S_IFSOCK: "a socket"
            case S_IFCHR, S_IFBLK: "a device"
            default: "a special file"
            }
    }

    /// Whether there is no such file.
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR || code == ENAMETOOLONG }

    /// Whether the user may not do it.
    package var isForbidden: Bool { code == EACCES || code == EPERM }

    /// Whether the file is longer than was allowed.
    package var isTooLong: Bool { code == EFBIG }

    /// What went wrong, without the path, as the end of a sentence.
    package var reason: String {
        obstacle.map { "it is \($0), and \(needed) is needed" } ?? SystemError.text(code)
    }

    /// One sentence with the reason and, where there is one, the remedy.
    package var description: String {
        "cannot \(operation) \(path): \(reason)" + (remedy.map { "; " + $0 } ?? "")
    }

    private var remedy: String? {
        switch code {
        case ENOSPC, EDQUOT: "free space or raise the quota, then run the same command again"
        case EACCES, EPERM, EROFS: "check the permissions"
        case EMFILE, ENFILE: "raise the limit on open files (ulimit -n)"
        case EOPNOTSUPP, ENOSYS:
            "the file system can neither rename without replacing nor link; put the run directory on another one"
        default: nil
        }
    }
}

extension FileError {
    /// Writes all of a buffer.
    /// - Returns: the `errno` of what failed, or 0.
    static func writing(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
        var written = 0
        while written < buffer.count {
            let status = Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            if status < 0, errno == EINTR { continue }
            if status < 0 { return errno }
            written += status
        }
        return 0
    }
}
