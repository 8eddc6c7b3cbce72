import Foundation
import TestSupport
import Testing

@testable import Shard

@Suite struct TarTests {
    /// GNU tar, told to leave out what differs between machines, writes the same bytes.
    @Test func blockEqualsGNUTar() throws {
        let folder = try TemporaryFolder()
        let sample = try demoSample(3)
        for (name, bytes) in sample.members { try folder.write(bytes, to: "clip_3.\(name)") }
        let names = sample.members.keys.sorted().map { "clip_3.\($0)" }
        let options = ["--format=ustar", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--mode=0644"]
        let result = try execute("tar", options + ["-C", folder.path, "-cf", "\(folder.path)/x.tar"] + names)
        #expect(result.code == 0, "\(result.text)")
        let block = try SampleBlock.encode(sample).bytes
        #expect(try folder.read("x.tar").prefix(block.count).elementsEqual(block))
    }

    @Test func extentsPointAtData() throws {
        let sample = try demoSample(5)
        let (bytes, members) = try SampleBlock.encode(sample)
        for (name, extent) in members {
            #expect(Array(bytes[extent.offset..<(extent.offset + extent.size)]) == sample.members[name])
        }
        let parsed = try SampleBlock.parse(bytes)
        #expect(parsed.sample == sample)
        #expect(parsed.members == members)
    }

    @Test("an empty member and one of exactly a block come back")
    func emptyMemberAndExactBlock() throws {
        let sample = Sample(key: "k", members: ["a": [], "b": [UInt8](repeating: 7, count: 512)])
        let bytes = try SampleBlock.encode(sample).bytes
        #expect(bytes.count == 512 * 3)
        #expect(try SampleBlock.parse(bytes).sample == sample)
    }

    @Test func refusesSamplesThatCannotBeStored() {
        #expect(throws: SampleError.noMembers(key: "k")) { try SampleBlock.encode(Sample(key: "k", members: [:])) }
        #expect(throws: SampleError.key(.dot("a.b"))) {
            try SampleBlock.encode(Sample(key: "a.b", members: ["json": []]))
        }
        #expect(throws: SampleError.extension("J")) { try SampleBlock.encode(Sample(key: "k", members: ["J": []])) }
    }

    /// No bit of a header may change unnoticed.
    @Test func everyHeaderBitCounts() throws {
        let header = try TarHeader(name: "clip.json", size: 1234).bytes
        for bit in 0..<(512 * 8) {
            var damaged = header
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: TarError.self) { try TarHeader(parsing: damaged[...], at: 0) }
        }
    }

    @Test func namesTheFault() throws {
        let block = try SampleBlock.encode(Sample(key: "k", members: ["a": [1], "b": [2]])).bytes
        #expect(throws: TarError.truncated(at: 1536, bytes: 0)) { try SampleBlock.parse(Array(block.prefix(1536))) }
        #expect(throws: TarError.zeroBlock(at: 2048)) {
            try SampleBlock.parse(block + [UInt8](repeating: 0, count: 512))
        }
        #expect(throws: TarError.order(name: "k.a")) { try SampleBlock.parse(block + block) }
        let other = try SampleBlock.encode(Sample(key: "other", members: ["c": [1]])).bytes
        #expect(throws: TarError.foreignMember(name: "other.c", key: "k")) { try SampleBlock.parse(block + other) }
        var padded = block
        padded[600] = 1
        #expect(throws: TarError.padding(name: "k.a", at: 513)) { try SampleBlock.parse(padded) }
        let pax = try TarHeader(name: "noextension", size: 0).bytes
        #expect(throws: TarError.memberName("noextension")) { try SampleBlock.parse(pax) }
    }

    @Test("a mutated tar block gives a sample or an error, and no crash")
    func fuzzed() throws {
        let seeds = try (0..<3).map { try SampleBlock.encode(demoSample($0)).bytes }
        _ = fuzz(seeds, seed: 11) { _ = try SampleBlock.parse($0) }
    }
}
