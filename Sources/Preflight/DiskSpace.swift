package import Foundation

/// Free space of disks.
package enum DiskSpace {
    /// Bytes that an ordinary user may still write where `url` is or will be; nil where the system does not tell.
    package static func available(at url: URL) -> Int64? {
        var folder = url.standardizedFileURL
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.path) {
            folder = folder.deletingLastPathComponent()
        }
        var status = statvfs()
        guard statvfs(folder.path, &status) == 0 else { return nil }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? nil : Int64(clamping: bytes)
    }
}
