/// A hash that goldens name in place of many numbers: FNV-1a in 64 bits.
package enum FNV1a {
    /// The hash of numbers of any kind, in 16 hexadecimal digits.
    package static func hex(_ values: some Sequence<some UnsignedInteger>) -> String {
        let hash = values.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
            ($0 ^ UInt64(truncatingIfNeeded: $1)) &* 0x100_0000_01B3
        }
        let text = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
