import Foundation
import TestSupport
import Testing

@testable import Shard

@Suite struct ReaderTests {
    @Test(arguments: [Compression.zstd, .none])
    func readsWithAndWithoutRecord(compression: Compression) throws {
        let run = try DemoRun()
        try run.finish(compression)
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 1))
        let path = "\(run.layout.shards)/\(record.shard)"
        let indexed = try ShardReader(path: path, record: record)
        let scanned = try ShardReader(path: path)
        #expect(indexed.entries == scanned.entries)
        #expect(indexed.entries.map(\.key) == (6..<12).map { "clip_\($0)" })
        for reader in [indexed, scanned] {
            #expect(try reader.sample("clip_8") == demoSample(8))
            #expect(try reader.sample("clip_0") == nil)
            var seen: [Sample] = []
            try reader.forEach { seen.append($0) }
            #expect(try seen == (6..<12).map(demoSample))
        }
    }

    @Test(arguments: [Compression.zstd, .none])
    func everyTruncationIsFound(compression: Compression) throws {
        let run = try DemoRun(failed: [0, 1, 2, 4])
        try run.finish(compression)
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        let whole = try run.folder.read("shards/\(record.shard)")
        let path = "\(run.folder.path)/cut.\(compression.fileExtension)"
        for length in stride(from: 0, to: whole.count, by: compression == .zstd ? 13 : 512) {
            try run.folder.write(Array(whole.prefix(length)), to: "cut.\(compression.fileExtension)")
            #expect(throws: ShardReadError.self, "\(length)") { try ShardReader(path: path) }
            #expect(throws: ShardReadError.self, "\(length)") { try ShardReader(path: path, record: record) }
        }
    }

    @Test func damageIsNamedWithTheSample() throws {
        let run = try DemoRun()
        try run.finish()
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        var bytes = try run.folder.read("shards/\(record.shard)")
        bytes[record.frames[2].off + 200] ^= 4
        try run.folder.write(bytes, to: "shards/\(record.shard)")
        let reader = try ShardReader(path: "\(run.layout.shards)/\(record.shard)", record: record)
        #expect(try reader.sample("clip_1") == demoSample(1))
        #expect { try reader.sample("clip_2") } throws: { "\($0)".contains("`clip_2`") }
    }

    @Test("samples are extracted whole or by member, and a key or member that is missing is named")
    func extracts() throws {
        let run = try DemoRun()
        try run.finish()
        let target = try TemporaryFolder()
        func extractor(_ folder: String, _ members: [String]?) throws -> SampleExtractor {
            try SampleExtractor(layout: run.layout, folder: folder, members: members)
        }
        let two = try extractor("\(target.path)/new", ["json"]).extract(.keys(["clip_7", "clip_0", "clip_7"]))
        #expect(two == 2)
        #expect(try target.contents(under: "new")["clip_7.json"] == demoSample(7).members["json"])
        #expect(try extractor(target.path, nil).extract(.all) == 33)
        let mp4 = try extractor(target.path, ["mp4"])
        #expect(try extractor("\(target.path)/fit", ["json"]).extract(.keys(["clip_[02]", "clip_7"])) == 3)
        #expect(throws: ExtractionError.nothingFits("dog*")) { try mp4.extract(.keys(["clip_*", "dog*"])) }
        #expect(throws: ExtractionError.unknownKey("nobody")) { try mp4.extract(.keys(["clip_0", "nobody"])) }
        #expect(throws: ExtractionError.failedSample(key: "clip_4", kind: "nan", message: "the latent is not finite")) {
            try mp4.extract(.keys(["clip_4"]))
        }
        #expect(
            throws: ExtractionError.noSuchMember(
                key: "clip_0", member: "mp4", present: ["audio_latent.npy", "flac", "json"])
        ) {
            try mp4.extract(.keys(["clip_0"]))
        }
        #expect(throws: SampleError.extension("../x")) {
            try extractor(target.path, ["../x"])
        }
    }
}
