import Glibc

/// A file in memory that C libraries write and read back through callbacks. Used by one thread.
final class MemoryFile {
    private(set) var bytes: [UInt8] = []
    private(set) var position = 0
    /// Whether a write was refused because the file would have passed ``limit``.
    private(set) var isExhausted = false
    /// 4 GiB.
    private static let limit = 1 << 32

    /// The file behind a callback's opaque pointer.
    static func of(_ opaque: UnsafeMutableRawPointer?) -> MemoryFile? {
        opaque.map { Unmanaged<MemoryFile>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Moves as `lseek` does; −1 for a place before the beginning.
    func seek(_ offset: Int64, _ whence: Int32) -> Int {
        let base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : bytes.count
        let (place, overflow) = base.addingReportingOverflow(Int(offset))
        guard !overflow, place >= 0 else { return -1 }
        position = place
        return place
    }

    func read(into target: UnsafeMutableRawPointer, count: Int) -> Int {
        let available = min(max(bytes.count - position, 0), count)
        guard available > 0 else { return 0 }
        bytes.withUnsafeBytes { if let base = $0.baseAddress { memcpy(target, base + position, available) } }
        position += available
        return available
    }

    func write(_ source: UnsafeRawPointer, count: Int) -> Int {
        let end = position + count
        guard count >= 0, end <= Self.limit else {
            isExhausted = true
            return -1
        }
        if position == bytes.count {
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: source, count: count))
        } else {
            if end > bytes.count { bytes.append(contentsOf: repeatElement(0, count: end - bytes.count)) }
            bytes.withUnsafeMutableBytes { if let base = $0.baseAddress { memcpy(base + position, source, count) } }
        }
        position = end
        return count
    }
}
