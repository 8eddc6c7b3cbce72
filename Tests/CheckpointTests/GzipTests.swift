import Foundation
import TestSupport
import Testing

@testable import Checkpoint

@Suite struct GzipTests {
    /// `printf 'hello hello hello' | gzip -9n`, a block with the fixed code.
    static let fixed: [UInt8] = [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40, 0x90, 0x00, 0x80, 0x88,
        0xF9, 0xE5, 0x11, 0, 0, 0,
    ]

    private func unpack(_ bytes: [UInt8], limit: Int = 1 << 20) -> Result<String, any Error> {
        Result { String(decoding: try bytes.withUnsafeBytes { try Gzip.decompress($0, limit: limit) }, as: UTF8.self) }
    }

    private func error(_ bytes: [UInt8], limit: Int = 1 << 20) -> GzipError? {
        if case .failure(let error) = unpack(bytes, limit: limit) { error as? GzipError } else { nil }
    }

    /// A gzip file around one stored block.
    private func stored(_ text: String, flags: UInt8 = 0, extra: [UInt8] = []) -> [UInt8] {
        let data = Array(text.utf8)
        func little(_ value: UInt32, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let length = UInt32(data.count)
        return [0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 3] + extra + [1] + little(length, 2) + little(~length, 2) + data
            + little(CRC32.of(data), 4) + little(length, 4)
    }

    @Test func readsStoredAndCompressedBlocks() throws {
        #expect(try unpack(Self.fixed).get() == "hello hello hello")
        #expect(try unpack(stored("plain text")).get() == "plain text")
        #expect(
            try unpack(stored("x", flags: 8 | 16 | 4 | 2, extra: [2, 0, 9, 9] + Array("name\0note\0".utf8) + [0, 0]))
                .get() == "x")
    }

    @Test func knowsTheStandardChecksum() {
        #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926)
    }

    @Test("each kind of damage to a gzip file is refused with its own error")
    func refusesDamage() {
        #expect(error([]) == .notGzip)
        #expect(error(Array(Self.fixed.dropLast(3))) == .truncated)
        #expect(error(Array(Self.fixed.prefix(13))) == .truncated)
        #expect(error(Self.fixed + [0]) == .trailingBytes(found: 1))
        #expect(error(Self.fixed, limit: 16) == .tooLong(limit: 16))
        var wrong = Self.fixed
        wrong[20] ^= 1
        #expect(error(wrong) == .checksum)
        wrong = Self.fixed
        wrong[10] = 0x07
        #expect(error(wrong) == .badBlockType)
        var lengths = stored("plain text")
        lengths[13] ^= 1
        #expect(error(lengths) == .storedLengthMismatch)
    }

    /// 10,000 damaged files of one block with the fixed code, 1,000 of one with a code of its own. Each is refused, or
    /// damaged where nothing depends on it. The limit is the length of the content, so nothing longer comes out either.
    @Test func damagedFilesGiveNoOtherBytes() throws {
        let vocabulary = [UInt8](try Data(contentsOf: Fixtures.clipVocabulary))
        for (whole, count) in [(Self.fixed, 10_000), (vocabulary, 1_000)] {
            let content = try unpack(whole).get()
            let limit = content.utf8.count
            var mutator = ByteMutator(seed: 4)
            var refused: [String: Int] = [:]
            for _ in 0..<count {
                switch unpack(mutator.mutate(whole), limit: limit) {
                case .success(let found): #expect(found == content)
                case .failure(let error): refused["\(try #require(error as? GzipError))", default: 0] += 1
                }
            }
            let all = refused.values.reduce(0, +)
            #expect(all > count / 2 && all < count, "\(refused)")
            for error in [GzipError.notGzip, .truncated, .badBlockType, .checksum, .tooLong(limit: limit)] {
                #expect(refused["\(error)"] != nil, "\(error): \(refused)")
            }
        }
    }
}
