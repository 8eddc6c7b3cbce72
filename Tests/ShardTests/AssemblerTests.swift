import Files
import Foundation
import TestSupport
import Testing

@testable import Shard

@Suite struct AssemblerTests {
    @Test func finishedRunHoldsTheseFiles() throws {
        let run = try DemoRun()
        try run.finish()
        #expect(
            try run.folder.contents().keys.sorted() == [
                "samples.jsonl.zst", "shards.json", "shards/shard-000000.json", "shards/shard-000000.rows.jsonl.zst",
                "shards/shard-000000.tar.zst", "shards/shard-000001.json", "shards/shard-000001.rows.jsonl.zst",
                "shards/shard-000001.tar.zst",
            ])
        #expect(try run.verify() == [])
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        #expect(record.frames.map(\.key) == ["clip_0", "clip_1", "clip_2", "clip_3", "clip_5"])
        #expect(record.nfailed == 1)
        let list = String(decoding: try run.folder.read("shards.json"), as: UTF8.self)
        #expect(list.contains(#""url":"shards/shard-000000.tar.zst""#))
        #expect(list.contains(#""wids_version":1"#))
    }

    /// The order of publication, the ranks and the retries leave no trace in shards and records.
    @Test func bytesDoNotDependOnOrder() throws {
        let one = try DemoRun()
        try one.finish()
        let two = try DemoRun()
        _ = try two.store().publish(two.segment(2, rank: 9))
        try two.finish(order: [3, 1, 2, 0])
        let (a, b) = (try one.folder.contents(), try two.folder.contents())
        #expect(a.keys.sorted() == b.keys.sorted())
        for name in a.keys where name.hasSuffix(".tar.zst") || name.hasSuffix(".json") {
            #expect(a[name] == b[name], "\(name)")
        }
    }

    @Test func toolsReadTheShard() throws {
        let run = try DemoRun()
        try run.finish()
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        let path = "\(run.layout.shards)/\(record.shard)"
        #expect(try execute("zstd", ["-tq", path]).code == 0)
        // Five samples and the closing frame; the seek table is one skippable frame.
        let listing = try execute("zstd", ["-lv", path]).output
        #expect(listing.contains("# Zstandard Frames: 6"), "\(listing)")
        #expect(listing.contains("# Skippable Frames: 1"), "\(listing)")
        #expect(listing.contains("Check: XXH64"), "\(listing)")
        let tar = "\(run.folder.path)/plain.tar"
        #expect(try execute("zstd", ["-dq", path, "-o", tar]).code == 0)
        let plain = try run.folder.read("plain.tar")
        #expect(plain.count == record.tarBytes)
        #expect(SHA256.hexadecimalDigest(of: plain) == record.tarSHA256)
        let names = try execute("tar", ["--zstd", "-tf", path])
        #expect(names.code == 0)
        #expect(
            names.output.split(separator: "\n").map(String.init)
                == record.frames.flatMap { frame in frame.members.keys.sorted().map { "\(frame.key).\($0)" } })
        let long = try execute("tar", ["--numeric-owner", "-tvf", tar]).output
        #expect(long.hasPrefix("-rw-r--r-- 0/0 "), "\(long)")
        #expect(long.contains("1970-01-01 00:00 clip_0.audio_latent.npy"), "\(long)")
        // Offsets point at the members in the plain tar.
        for frame in record.frames {
            let extent = try #require(frame.members["json"])
            let text = String(decoding: plain[extent.offset..<(extent.offset + extent.size)], as: UTF8.self)
            #expect(text.hasPrefix(#"{"key":"\#(frame.key)""#))
        }
    }

    @Test func plainTarIsTheDecompressedShard() throws {
        let (zstd, plain) = (try DemoRun(), try DemoRun())
        try zstd.finish(.zstd)
        try plain.finish(.none)
        #expect(try plain.verify() == [])
        let folder = try TemporaryFolder()
        let result = try execute(
            "zstd", ["-dq", "\(zstd.layout.shards)/shard-000001.tar.zst", "-o", "\(folder.path)/x.tar"])
        #expect(result.code == 0)
        #expect(try folder.read("x.tar") == plain.folder.read("shards/shard-000001.tar"))
        let records = try [zstd, plain].map { try #require(try DatasetIndex(layout: $0.layout).record(shard: 1)) }
        #expect(records[0].tarSHA256 == records[1].tarSHA256)
        #expect(records[1].sha256 == records[1].tarSHA256)
        #expect(records[0].frames.map(\.members) == records[1].frames.map(\.members))
    }

    @Test("a shard may consist of failed samples alone")
    func shardWithoutSuccess() throws {
        let run = try DemoRun(failed: Set(0..<6))
        try run.finish()
        #expect(try run.folder.contents()["shards/shard-000000.tar.zst"] == nil)
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        #expect(record.nsamples == 0)
        #expect(record.nfailed == 6)
        let list = String(decoding: try run.folder.read("shards.json"), as: UTF8.self)
        #expect(!list.contains("shard-000000"))
        #expect(try run.verify() == [])
        let index = DatasetIndex(layout: run.layout)
        #expect(try (0..<2).flatMap { try index.rows(shard: $0) }.map(\.index) == Array(0..<12))
    }

    @Test func samplesTableIsTheRowsOfAllShards() throws {
        let run = try DemoRun()
        try run.finish()
        let lines = try ZstdFrame.decompressAll(run.folder.read("samples.jsonl.zst"), limit: 1 << 20)
        let rows = try SampleRow.parse(lines: lines, name: "samples")
        #expect(rows.map(\.index) == Array(0..<12))
        #expect(rows[4].status == .failed)
        #expect(rows[4].shard == nil)
        #expect(rows[5].shard == "shard-000000.tar.zst")
        #expect(rows[5].findings == demoFindings)
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        #expect(rows[5].offset == record.frames[4].off)
        #expect(rows[7].rank == 3)
        #expect(
            try execute("zstd", ["-lv", "\(run.folder.path)/samples.jsonl.zst"]).output.contains(
                "# Zstandard Frames: 2"))
    }

    @Test func partialRunHasAnIndex() throws {
        let run = try DemoRun()
        for batch in [0, 1, 2] { _ = try run.store().publish(run.segment(batch)) }
        _ = try run.assembler().assemble(DemoRun.shards[0])
        try DatasetIndex(layout: run.layout).rebuild()
        let report = try Verifier(layout: run.layout, deep: true).verify()
        #expect(report.findings == [])
        #expect(report.pendingBatches == 1)
        #expect(
            try Verifier(layout: run.layout, deep: false, plannedShards: 2).verify().findings.map(\.kind) == [
                .incomplete
            ])
        #expect(try run.store().scan().committed == [2: SegmentStore.Batch(made: 3, failed: 0)])
        #expect(throws: SegmentError.missing(batch: 3)) { try run.assembler().assemble(DemoRun.shards[1]) }
    }

    @Test func damagedSegmentIsNamedAndDoneAgain() throws {
        let clean = try DemoRun()
        try clean.finish()
        let run = try DemoRun()
        for batch in 0..<4 { _ = try run.store().publish(run.segment(batch, rank: batch + 1)) }
        let sidecar = try #require(try run.store().sidecar(batch: 3))
        // A flipped bit in a frame's content, and one in its header's size field.
        for place in [300, 6] {
            var data = try run.folder.read("segments/\(sidecar.dataName)")
            data[place] ^= 1
            try run.folder.write(data, to: "segments/\(sidecar.dataName)")
            #expect { try run.assembler().assemble(DemoRun.shards[1]) } throws: { error in
                if case .corrupt(batch: 3, _) = error as? SegmentError { true } else { false }
            }
            #expect(try run.folder.contents(under: "shards").isEmpty)
            try run.store().discardSegment(batch: 3)
            _ = try run.store().publish(run.segment(3, rank: 4))
        }
        try run.finish()
        #expect(try run.folder.contents() == clean.folder.contents())
    }

    @Test func duplicateKeyIsRefused() throws {
        let run = try DemoRun()
        _ = try run.store().publish(run.segment(0))
        let twin = try EncodedSegment(batch: 1, configSHA256: config, samples: [demoSample(2)], rows: [demoRow(2)])
        _ = try run.store().publish(twin)
        #expect(throws: ShardError.duplicateKey(shard: 0, key: "clip_2")) {
            try run.assembler().assemble(DemoRun.shards[0])
        }
    }

    @Test func foreignAndDamagedShardsAreRefused() throws {
        let run = try DemoRun()
        try run.finish()
        let other = ShardAssembler(
            layout: run.layout, configSHA256: String(repeating: "cd", count: 32), compression: .zstd)
        #expect(throws: ShardError.self) { try other.assemble(DemoRun.shards[0]) }
        try run.folder.write([1, 2, 3], to: "shards/shard-000000.tar.zst")
        #expect { try run.assembler().assemble(DemoRun.shards[0]) } throws: { error in
            if case .damaged(shard: 0, _) = error as? ShardError { true } else { false }
        }
    }

    @Test("a straggler that publishes after its shard is committed is tidied up by the next start")
    func stragglerAfterTheCommit() throws {
        let run = try DemoRun()
        try run.finish()
        let before = try run.folder.contents()
        _ = try run.store().publish(run.segment(1))
        #expect(try run.verify().map(\.kind) == [.leftover])
        try run.finish()
        #expect(try run.folder.contents() == before)
    }

    /// Ended before any step of publishing, assembling, removing and indexing, the same command completes the run, with the
    /// same bytes as one that was never stopped.
    @Test(
        "ended before any step, the same command completes the run with the same bytes",
        arguments: [Compression.zstd, .none])
    func stoppedAtEveryStep(compression: Compression) throws {
        let counter = StepCounter()
        let clean = try DemoRun()
        try clean.finish(compression, faults: counter.hook)
        let expected = try clean.folder.contents()
        #expect(counter.count > 70)
        for step in 0..<counter.count {
            let run = try DemoRun()
            #expect(throws: InjectedFault.self) {
                try run.finish(compression, faults: StepCounter(stopAt: step).hook)
            }
            // What is committed at this moment is whole.
            let index = DatasetIndex(layout: run.layout)
            for record in try index.shardNumbers().compactMap(index.record(shard:)) {
                try ShardReader(path: "\(run.layout.shards)/\(record.shard)", record: record).forEach { _ in }
            }
            try run.finish(compression)
            #expect(try run.folder.contents() == expected, "stopped at \(counter.log[step])")
        }
    }
}
