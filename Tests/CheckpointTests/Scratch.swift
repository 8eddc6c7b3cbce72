import Fixtures
import Foundation

/// A temporary folder, which goes when the tests end: at the end of an object's life would be too early, since an
/// optimised build releases it after its last use, and the paths live on.
struct Scratch {
    let path: String

    private static let root: String = {
        let root = NSTemporaryDirectory() + "checkpoint-\(UUID().uuidString)"
        atexit { try? FileManager.default.removeItem(atPath: Scratch.root) }
        return root
    }()

    init() throws {
        path = "\(Self.root)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Writes a file, with the folders above it.
    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let url = URL(filePath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return url.path
    }
}

/// Damages a valid input in 1 to 4 places: bytes changed, runs removed, doubled, or replaced by numbers that parsers
/// must distrust.
func mutated(_ seed: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
    var bytes = seed
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        let end = min(bytes.count, at + Int.random(in: 1...16, using: &generator))
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.removeSubrange(at..<end)
        case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 4: bytes.removeSubrange(at...)
        case 5:
            let wide = [UInt64.max, 1 << 63, 1 << 32, 0xFFFF_FFFF, 0, 0x7FFF_FFFF_FFFF_FFFF].randomElement(
                using: &generator)!
            for index in 0..<8 where at + index < bytes.count {
                bytes[at + index] = UInt8(truncatingIfNeeded: wide >> (8 * index))
            }
        default:
            let digits = Array(
                ["-1", "9223372036854775807", "1e999", "[[[[", "\"", "\\ud800", "null"].randomElement(
                    using: &generator)!.utf8)
            bytes.replaceSubrange(at..<min(bytes.count, at + digits.count), with: digits)
        }
    }
    return bytes
}
