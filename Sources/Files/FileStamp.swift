internal import Glibc

/// What a file looks like from outside. A change of the content changes it, and sometimes it changes alone.
package struct FileStamp: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    package let size: Int
    /// Nanoseconds since 1970 when the content was last changed.
    package let modified: Int64
    /// Nanoseconds since 1970 when the content, the name or the permissions were last changed.
    package let changed: Int64

    /// Looks at what a path leads to, symbolic links followed.
    /// - Throws: ``FileError``.
    package init(path: String) throws(FileError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError("inspect", path) }
        self.init(status)
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Whether another change could still bear this very time: file systems count in steps of up to two seconds.
    var isRecent: Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Self.nanoseconds(now) - max(modified, changed) < 3_000_000_000
    }
}
