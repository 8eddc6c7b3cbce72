import Foundation

@testable import Media

/// Changes boxes of an mp4 in memory, so that files can claim what no program would write.
enum BoxSurgery {
    /// The contents of the box at the end of a path of types.
    static func contents(_ path: [String], of bytes: [UInt8]) -> Range<Int>? {
        path.reduce(bytes.indices as Range<Int>?) { range, type in
            range.flatMap { range in MP4Boxes.first(type, in: bytes, range) }
        }
    }

    /// The file with other contents in that box, and its parents as long as they are then. What lies behind moves.
    static func replacing(_ path: [String], with new: [UInt8], in bytes: [UInt8]) -> [UInt8]? {
        guard let old = contents(path, of: bytes) else { return nil }
        var result = bytes
        let change = new.count - old.count
        for depth in path.indices {
            guard let box = contents(Array(path[...depth]), of: bytes) else { return nil }
            let size = UInt32(box.count + 8 + change)
            result.replaceSubrange(box.lowerBound - 8..<box.lowerBound - 4, with: big(size))
        }
        result.replaceSubrange(old, with: new)
        return result
    }

    /// A box.
    static func box(_ type: String, _ contents: [UInt8]) -> [UInt8] {
        big(UInt32(contents.count + 8)) + Array(type.utf8) + contents
    }

    /// Four bytes, big-endian.
    static func big(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
}
