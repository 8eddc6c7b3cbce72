import TestSupport
import Testing

@testable import Shard

@Suite struct ZstdTests {
    @Test func frameIsOfOurKind() throws {
        let content = try SampleBlock.encode(demoSample(1)).bytes
        let frame = try ZstdFrame.compress(content)
        // Checksum flag on, dictionary bits off: bits 2 and 0-1 of the frame header descriptor.
        #expect(frame[4] & 0b111 == 0b100)
        #expect(try ZstdFrame.decompress(frame, expecting: content.count) == content)
        #expect(try ZstdFrame.compress(content) == frame)
        #expect(try ZstdFrame.decompress(ZstdFrame.compress([])) == [])
    }

    /// The published XXH64 of nothing is ef46db3751d8e999.
    @Test func checksumIsXXH64() throws {
        #expect(ZstdFrame.checksum(of: try ZstdFrame.compress([])) == "51d8e999")
    }

    @Test func everyByteCounts() throws {
        let frame = try ZstdFrame.compress(RandomBytes.make(900))
        for place in frame.indices {
            var damaged = frame
            damaged[place] ^= 0x10
            #expect(throws: ZstdError.self, "byte \(place)") { try ZstdFrame.decompress(damaged) }
        }
        for length in 0..<frame.count {
            #expect(throws: ZstdError.self) { try ZstdFrame.decompress(Array(frame.prefix(length))) }
        }
    }

    @Test func refusesMoreThanOneFrame() throws {
        let frame = try ZstdFrame.compress([1, 2, 3])
        #expect(throws: ZstdError.trailingBytes(frameLength: frame.count, found: 2 * frame.count)) {
            try ZstdFrame.decompress(frame + frame)
        }
        #expect(try ZstdFrame.decompressAll(frame + frame, limit: 6) == [1, 2, 3, 1, 2, 3])
        #expect(throws: ZstdError.contentSize(found: 3, expected: 5)) {
            try ZstdFrame.decompressAll(frame + frame, limit: 5)
        }
        #expect(throws: ZstdError.contentSize(found: 3, expected: 4)) { try ZstdFrame.decompress(frame, expecting: 4) }
    }

    /// A frame header that claims 2^40 bytes must not reserve them.
    @Test func refusesAnImpossibleSize() {
        let header: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE4, 0, 0, 0, 0, 0, 1, 0, 0]
        #expect(throws: ZstdError.missing("content size that the frame can hold")) {
            try ZstdFrame.decompress(header + [UInt8](repeating: 0, count: 20))
        }
    }

    @Test func prefixNeedsTheFirstBlockOnly() throws {
        let content = RandomBytes.make(400_000)
        let frame = try ZstdFrame.compress(content)
        #expect(
            try ZstdFrame.prefix(of: Array(frame.prefix((128 << 10) + 32)), count: 512) == Array(content.prefix(512)))
        #expect(throws: ZstdError.self) { try ZstdFrame.prefix(of: Array(frame.prefix(100)), count: 512) }
    }

    @Test("a seek table comes back from its bytes, and must end where the frames do")
    func seekTableRoundTrip() throws {
        let table = SeekTable(entries: [
            .init(compressedSize: 100, decompressedSize: 512, checksum: 0xDEAD_BEEF),
            .init(compressedSize: 20, decompressedSize: 1024, checksum: 1),
        ])
        let bytes = table.bytes
        #expect(bytes.count == SeekTable.length(frames: 2))
        #expect(Array(bytes.prefix(8)) == [0x5E, 0x2A, 0x4D, 0x18, 33, 0, 0, 0])
        #expect(Array(bytes.suffix(9)) == [2, 0, 0, 0, 0x80, 0xB1, 0xEA, 0x92, 0x8F])
        #expect(try SeekTable(parsing: bytes, fileSize: 120 + bytes.count) == table)
        #expect(throws: SeekTableError.framesEnd(at: 120, expected: 119)) {
            try SeekTable(parsing: bytes, fileSize: 119 + bytes.count)
        }
        #expect(throws: SeekTableError.frameCount(0x0FFF_FFFF, fileSize: 500)) {
            try SeekTable.length(footer: [0xFF, 0xFF, 0xFF, 0x0F, 0x80, 0xB1, 0xEA, 0x92, 0x8F], fileSize: 500)
        }
        #expect(throws: SeekTableError.noFooter) { try SeekTable.length(footer: [], fileSize: 0) }
    }

    /// No damaged frame gives other bytes. One in which only bits without meaning changed gives the same.
    @Test("no damaged frame gives other bytes")
    func fuzzed() throws {
        struct IsWhole: Error {}
        let content = try SampleBlock.encode(demoSample(1)).bytes
        let frames = [try ZstdFrame.compress(content), SeekTable().bytes]
        let wrong = fuzz(frames, seed: 13) { if try ZstdFrame.decompress($0) == content { throw IsWhole() } }
        #expect(wrong == 0)
        let table = SeekTable(entries: (1..<6).map { .init(compressedSize: $0, decompressedSize: 512, checksum: 0) })
            .bytes
        _ = fuzz([table], seed: 14) { _ = try SeekTable(parsing: $0, fileSize: 15 + $0.count) }
    }
}

enum RandomBytes {
    static func make(_ count: Int) -> [UInt8] {
        var generator = SplitMix64(seed: UInt64(count))
        return generator.bytes(count)
    }
}
