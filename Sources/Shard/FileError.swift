import Glibc

/// A system call on a file that failed.
package struct FileError: Error, Equatable, CustomStringConvertible {
    /// What was being done, as an infinitive: "open", "rename".
    package let operation: String
    /// The file.
    package let path: String
    /// The `errno` of the call.
    package let code: Int32

    /// Makes an error, by default from the present `errno`.
    package init(_ operation: String, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// One sentence with the system's reason and, where there is one, the remedy.
    package var description: String {
        "cannot \(operation) \(path): \(String(cString: strerror(code)))" + (remedy.map { "; " + $0 } ?? "")
    }

    private var remedy: String? {
        switch code {
        case ENOSPC, EDQUOT: "free space or raise the quota, then run the same command again"
        case EACCES, EPERM, EROFS: "check the permissions of the run directory"
        case EMFILE, ENFILE: "raise the limit on open files (ulimit -n)"
        case EOPNOTSUPP, ENOSYS:
            "the file system can neither rename without replacing nor link; put the run directory on another one"
        default: nil
        }
    }
}
