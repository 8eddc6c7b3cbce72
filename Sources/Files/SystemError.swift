internal import Glibc

/// Puts the numbers that system calls fail with into words; the only place that does.
package enum SystemError {
    /// What went wrong, without the file, as the end of a sentence.
    package static func text(_ code: Int32) -> String {
        switch code {
        case ENOENT: "there is no such file or folder"
        case EACCES, EPERM: "permission is missing"
        case ENOSPC: "the disk is full"
        case EROFS: "the file system is read-only"
        default: String(cString: strerror(code))
        }
    }

    /// What the last system call of this thread failed with.
    package static var last: String { text(errno) }
}
