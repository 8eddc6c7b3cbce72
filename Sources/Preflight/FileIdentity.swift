import Foundation

/// A file's size, and the time by which it is known again.
struct FileIdentity: Equatable {
    let bytes: Int64
    /// Nanoseconds since 1970.
    let modified: Int64

    /// Why a file cannot be looked at.
    struct Failure: Error, Equatable {
        let code: Int32
        var text: String { String(cString: strerror(code)) }
    }

    /// Looks at a file, symbolic links followed.
    init(path: String) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Failure(code: errno) }
        bytes = Int64(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}
