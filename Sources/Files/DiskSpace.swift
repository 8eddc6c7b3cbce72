internal import Glibc

/// Free space of disks.
package enum DiskSpace {
    /// Bytes that an ordinary user may still write where a path is or will be; nil where the system does not tell.
    package static func available(at path: String) -> Int64? {
        var folder = path
        var status = statvfs()
        while statvfs(folder, &status) != 0 {
            guard errno == ENOENT, folder != "/", !folder.isEmpty else { return nil }
            folder = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? "."
            if folder.isEmpty { folder = "/" }
        }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? nil : Int64(clamping: bytes)
    }
}
