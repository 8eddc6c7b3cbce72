/// A zstd frame of the kind that shards have, a few kilobytes long, that unpacks to gigabytes of one byte.
package enum ZstdBomb {
    /// - Parameters:
    ///   - byte: what it unpacks to, again and again.
    ///   - blocks: how often 128 KiB of it: 32,768 are 4 GiB.
    package static func frame(of byte: UInt8, blocks: Int) -> [UInt8] {
        let block = 128 << 10
        // Magic number; content size of 8 bytes and a checksum; a window of 512 KiB.
        var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xC4, 0x48]
        frame += (0..<8).map { UInt8(truncatingIfNeeded: (blocks * block) >> (8 * $0)) }
        for number in 0..<blocks {
            // Three bytes of header: whether it is the last, the type (one byte, repeated), the size.
            let header = (number == blocks - 1 ? 1 : 0) | 1 << 1 | block << 3
            frame += (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) } + [byte]
        }
        // Nobody who is careful comes to the checksum.
        return frame + [0, 0, 0, 0]
    }
}
