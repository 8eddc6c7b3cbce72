import Files
import Foundation
import TestSupport
import Testing

@testable import Shard

@Suite struct VerifierTests {
    private func finished(_ compression: Compression = .zstd) throws -> DemoRun {
        let run = try DemoRun()
        try run.finish(compression)
        return run
    }

    private func kinds(_ run: DemoRun, deep: Bool = false) throws -> Set<Finding.Kind> {
        Set(try run.verify(deep: deep).map(\.kind))
    }

    private func edit(_ run: DemoRun, _ name: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try run.folder.read(name)
        change(&bytes)
        try run.folder.write(bytes, to: name)
    }

    private func replace(_ run: DemoRun, _ name: String, _ old: String, _ new: String) throws {
        let text = String(decoding: try run.folder.read(name), as: UTF8.self)
        #expect(text.contains(old))
        try run.folder.write(Array(text.replacing(old, with: new, maxReplacements: 1).utf8), to: name)
    }

    private func remove(_ run: DemoRun, _ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(run.folder.path)/\(name)")
    }

    @Test("a clean run has no findings, shallow or deep", arguments: [Compression.zstd, .none])
    func cleanRun(compression: Compression) throws {
        let run = try finished(compression)
        for deep in [false, true] {
            let report = try Verifier(layout: run.layout, deep: deep, configSHA256: config, plannedShards: 2).verify()
            #expect(report.findings == [])
            #expect(report.shards == 2)
            #expect(report.samples == 11)
            #expect(report.failed == 1)
            #expect(report.pendingBatches == 0)
        }
    }

    @Test("a folder that is no run cannot be verified")
    func folderThatIsNoRun() throws {
        let folder = try TemporaryFolder()
        #expect(throws: FileError.self) { try Verifier(layout: RunLayout(run: folder.path), deep: false).verify() }
    }

    /// `zstd -t` and GNU tar pass such a file; the shallow check must not.
    @Test("a shard cut at a frame boundary is found by the shallow check")
    func shardCutAtAFrameBoundary() throws {
        let run = try finished()
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        let name = "shards/\(record.shard)"
        try edit(run, name) { $0.removeLast($0.count - record.frames[3].off) }
        #expect(try execute("zstd", ["-tq", "\(run.folder.path)/\(name)"]).code == 0)
        #expect(try kinds(run) == [.size, .trailer])
    }

    @Test("a frame removed from the middle of a shard is found by the shallow check")
    func frameRemovedFromTheMiddle() throws {
        let run = try finished()
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        let frame = record.frames[1]
        try edit(run, "shards/\(record.shard)") { $0.removeSubrange(frame.off..<(frame.off + frame.clen)) }
        #expect(try kinds(run) == [.size, .trailer])
    }

    @Test("a shard in another's place is found by size and trailer")
    func exchangedShard() throws {
        let run = try finished()
        try run.folder.write(run.folder.read("shards/shard-000001.tar.zst"), to: "shards/shard-000000.tar.zst")
        #expect(try kinds(run).isSuperset(of: [.size, .trailer]))
    }

    @Test("a flipped bit anywhere in a shard is found by the deep check", arguments: [Compression.zstd, .none])
    func flippedBits(compression: Compression) throws {
        let run = try finished(compression)
        let name = "shards/shard-000000.\(compression.fileExtension)"
        let whole = try run.folder.read(name)
        let step = whole.count / 60
        for place in stride(from: 0, to: whole.count, by: step) + [whole.count - 1, whole.count - 20] {
            try edit(run, name) { $0[place] ^= 0x40 }
            #expect(try kinds(run, deep: true).contains(.sha256), "byte \(place)")
            try run.folder.write(whole, to: name)
        }
        #expect(try run.verify() == [])
    }

    @Test func flippedBitInTheSeekTableIsFoundWithoutReadingFrames() throws {
        let run = try finished()
        let name = "shards/shard-000000.tar.zst"
        let whole = try run.folder.read(name)
        for place in (whole.count - SeekTable.length(frames: 6))..<whole.count {
            var damaged = whole
            damaged[place] ^= 1
            try run.folder.write(damaged, to: name)
            #expect(try kinds(run) == [.trailer], "byte \(place)")
        }
    }

    @Test("each missing file is found as what it is")
    func missingFiles() throws {
        let names: [(String, Set<Finding.Kind>)] = [
            ("shards/shard-000000.tar.zst", [.missing]), ("shards/shard-000001.rows.jsonl.zst", [.rows]),
            ("shards.json", [.missing]), ("samples.jsonl.zst", [.missing]),
            ("shards/shard-000001.json", [.leftover, .rows, .shardList]),
        ]
        let run = try finished()
        for (name, expected) in names {
            let copy = try run.copy()
            try remove(copy, name)
            #expect(try kinds(copy) == expected, "\(name)")
        }
    }

    @Test("a record that disagrees with its shard or rows is found")
    func recordsThatDisagree() throws {
        let run = try finished()
        let record = "shards/shard-000000.json"
        let cases: [(String, String, String, Set<Finding.Kind>)] = [
            (
                record, #""schema":"seehear.shard/1""#, #""schema":"seehear.shard/2""#,
                [.record, .leftover, .shardList, .rows]
            ),
            (record, #""key":"clip_1""#, #""key":"clip_x""#, [.rows]),
            (record, #""first_index":0"#, #""first_index":1"#, [.rows]),
            (record, #""nfailed":1"#, #""nfailed":2"#, [.rows]),
            (record, config, String(repeating: "cd", count: 32), [.config]),
            (record, #""flac":"#, #""flad":"#, [.members]),
            ("shards.json", #""nsamples":5"#, #""nsamples":6"#, [.shardList]),
            ("shards.json", "{", "[", [.record]),
        ]
        for (name, old, new, expected) in cases {
            let copy = try run.copy()
            try replace(copy, name, old, new)
            let found = try kinds(copy)
            #expect(found.isSuperset(of: expected), "\(old): \(found)")
        }
    }

    @Test("a hash that disagrees with the shard is found by the deep check")
    func hashesThatDisagree() throws {
        let run = try finished()
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        for (hash, kind) in [(record.sha256, Finding.Kind.sha256), (record.tarSHA256, .tarSHA256)] {
            let copy = try run.copy()
            try replace(copy, "shards/shard-000000.json", hash, String(hash.reversed()))
            #expect(try kinds(copy, deep: true).contains(kind))
        }
    }

    @Test("a table of samples that disagrees with the shards is found")
    func tableOfSamples() throws {
        let run = try finished()
        let table = try run.folder.read("samples.jsonl.zst")
        for change in [table + table, Array(table.dropLast()), []] {
            let copy = try run.copy()
            try copy.folder.write(change, to: "samples.jsonl.zst")
            #expect(try kinds(copy) == [.rows])
        }
        let copy = try run.copy()
        let rows = "shards/shard-000001.rows.jsonl.zst"
        try copy.folder.write(copy.folder.read("shards/shard-000000.rows.jsonl.zst"), to: rows)
        #expect(try kinds(copy) == [.rows])
        let lines = try ZstdFrame.decompressAll(run.folder.read(rows), limit: 1 << 20)
        let renamed = String(decoding: lines, as: UTF8.self).replacing("\"clip_6\"", with: "\"clip_0\"")
        try copy.folder.write(ZstdFrame.compress(Array(renamed.utf8)), to: rows)
        #expect(try kinds(copy) == [.rows, .duplicate])
    }

    @Test("a file that belongs to nothing is found as a leftover")
    func leftovers() throws {
        let run = try finished()
        for name in [
            "shards/.shard-000002.tar.zst.tmp.another-host.7", "shards/shard-000002.tar.zst", "shards/notes.txt",
            "shards/shard-000002.rows.jsonl.zst", "segments/batch-000009.0123456789abcdef.seg", ".shards.json.tmp.h.1",
        ] {
            let copy = try run.copy()
            try copy.folder.write([1], to: name)
            let findings = try copy.verify(deep: false)
            #expect(findings.map(\.kind) == [.leftover])
            #expect(findings.first?.path == name)
        }
    }

    @Test("a truncated segment is found at once, a damaged one by the deep check")
    func damagedSegments() throws {
        let run = try DemoRun()
        _ = try run.store().publish(run.segment(0))
        #expect(try run.verify() == [])
        let sidecar = try #require(try run.store().sidecar(batch: 0))
        try edit(run, "segments/\(sidecar.dataName)") { $0[50] ^= 1 }
        #expect(try kinds(run) == [])
        #expect(try kinds(run, deep: true) == [.segment])
        try edit(run, "segments/\(sidecar.dataName)") { $0.removeLast() }
        #expect(try kinds(run) == [.segment])
    }

    /// What a faulty writer would put into a shard with all hashes right.
    @Test("a malformed member is found by the deep check though all hashes are right")
    func malformedMembers() throws {
        let run = try DemoRun(failed: [])
        let samples: [(Sample, Finding.Kind)] = [
            (Sample(key: "clip_0", members: ["json": Array("{".utf8)]), .json),
            (Sample(key: "clip_0", members: ["audio_latent.npy": [1, 2, 3]]), .npy),
        ]
        for (sample, kind) in samples {
            let copy = try run.copy()
            let segment = try EncodedSegment(batch: 0, configSHA256: config, samples: [sample], rows: [demoRow(0)])
            _ = try copy.store().publish(segment)
            _ = try copy.assembler().assemble(ShardContents(shard: 0, firstIndex: 0, batches: [0]))
            try DatasetIndex(layout: copy.layout).rebuild()
            #expect(try kinds(copy) == [])
            #expect(try kinds(copy, deep: true) == [kind])
        }
    }

    @Test("the report is written as JSON and comes back from it")
    func reportIsJSON() throws {
        let run = try finished()
        try run.folder.write([1], to: "shards/notes.txt")
        let report = try Verifier(layout: run.layout, deep: false).verify()
        let text = String(decoding: try RecordJSON.encode(report), as: UTF8.self)
        #expect(text.contains(#""findings":[{"kind":"leftover","message":"#))
        #expect(try RecordJSON.decode(VerificationReport.self, from: Array(text.utf8), name: "report") == report)
    }

    @Test("a run of an earlier version, whose rows have no findings, is as sound as before")
    func earlierRows() throws {
        let run = try DemoRun()
        try run.finish()
        var table: [UInt8] = []
        for shard in 0..<2 {
            let name = "shards/\(RunLayout.rowsName(shard: shard))"
            var text = String(
                decoding: try ZstdFrame.decompressAll(run.folder.read(name), limit: 1 << 20), as: UTF8.self)
            for field in ["score", "particle", "cuts", "video_choice", "trust", "words", "definite_caption"] {
                text = text.replacing(try Regex("\"\(field)\":null,?"), with: "")
            }
            let bytes = try ZstdFrame.compress(Array(text.replacing(",}", with: "}").utf8))
            try run.folder.write(bytes, to: name)
            table += bytes
        }
        try run.folder.write(table, to: "samples.jsonl.zst")
        #expect(try run.verify() == [])
        #expect(try DatasetIndex(layout: run.layout).rows(shard: 0).count == 6)
    }
}
