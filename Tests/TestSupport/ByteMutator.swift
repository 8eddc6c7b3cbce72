/// Damages bytes at random, the same way for the same seed: what every parser must survive.
package struct ByteMutator {
    private var random: SplitMix64

    /// - Parameter seed: equal seeds damage equal inputs equally.
    package init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Numbers in eight bytes that parsers must distrust.
    private static let numbers = [UInt64.max, 1 << 63, 1 << 32, 0xFFFF_FFFF, 0, 0x7FFF_FFFF_FFFF_FFFF]

    /// What means something to a parser of text: marks, numbers out of range, bytes that are not UTF-8.
    private static let pieces: [[UInt8]] =
        [
            "\"", "\\u", "\\ud800", "{", "[", "]", "}", "[[[[", "{[", ",", ",,", ":", "-", "-1", "0", "1e999", "null",
            "nul", "9223372036854775807", "99999999999999999999", "\r\n", "&a *a ", "é", "\u{FEFF}", "\0",
        ].map { Array($0.utf8) } + [[0x7F], [0x80], [0xFF], [0xFF, 0xFE]]

    /// A copy with one to four changes: bits, bytes and runs altered, removed, doubled or replaced, or the end cut off.
    package mutating func mutate(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<below(4) + 1 where !bytes.isEmpty {
            let place = below(bytes.count)
            let end = min(bytes.count, place + 1 + below(24))
            switch below(9) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes[place] ^= 1 << UInt8(below(8))
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count))
            case 4: bytes.replaceSubrange(place..<end, with: random.bytes(end - place))
            case 5: bytes.removeSubrange(place...)
            case 6:
                let number = Self.numbers[below(Self.numbers.count)]
                for index in 0..<min(8, bytes.count - place) {
                    bytes[place + index] = UInt8(truncatingIfNeeded: number >> (8 * index))
                }
            case 7: bytes.insert(contentsOf: piece(), at: place)
            default:
                let piece = piece()
                bytes.replaceSubrange(place..<min(bytes.count, place + piece.count), with: piece)
            }
        }
        return bytes
    }

    private mutating func piece() -> [UInt8] { Self.pieces[below(Self.pieces.count)] }

    /// A number in `0..<limit`.
    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
}
