import Files
import Foundation
import TestSupport
import Testing

@testable import Shard

/// Runs that somebody else made, to harm whoever reads them.
@Suite struct HostileTests {
    private static let rows = "shards/shard-000000.rows.jsonl.zst"

    private func finished() throws -> DemoRun {
        let run = try DemoRun()
        try run.finish()
        return run
    }

    /// Replaces text in a commit record.
    private func rewrite(_ run: DemoRun, _ pattern: String, _ replacement: String, shard: Int = 0) throws {
        let name = "shards/shard-00000\(shard).json"
        let text = String(decoding: try run.folder.read(name), as: UTF8.self)
        let changed = text.replacing(try Regex(pattern), with: replacement)
        try #require(text != changed)
        try run.folder.write(changed, to: name)
    }

    // MARK: - Rows

    @Test(
        "gigabytes of one byte in a table of rows are refused at its first line", arguments: [UInt8(0), 10, 32, 0x61])
    func bombs(byte: UInt8) throws {
        let run = try finished()
        try run.folder.write(ZstdBomb.frame(of: byte, blocks: 32_768), to: Self.rows)
        let index = DatasetIndex(layout: run.layout)
        #expect { try index.rows(shard: 0) } throws: {
            "\($0)".contains("shard-000000.rows.jsonl.zst") && "\($0)".contains("line 1 ")
        }
        let findings = try run.verify()
        #expect(findings.contains { $0.kind == .rows && $0.path == Self.rows }, "\(findings)")
    }

    @Test("a row that is not of its shard is named, with the range", arguments: [6, -1, 1 << 62, Int.max])
    func rowsOutOfRange(index: Int) throws {
        let run = try finished()
        var rows = try DatasetIndex(layout: run.layout).rows(shard: 0)
        let last = rows.removeLast()
        let text =
            String(decoding: try SampleRow.lines(rows + [last]), as: UTF8.self)
            .replacing("\"index\":\(last.index)", with: "\"index\":\(index)")
        try run.folder.write(ZstdFrame.compress(Array(text.utf8)), to: Self.rows)
        #expect { try DatasetIndex(layout: run.layout).rows(shard: 0, indices: 0..<6) } throws: {
            "\($0)".contains("line 6") && "\($0)".contains("\(index)") && "\($0)".contains("from 5 to 5")
        }
        #expect(try run.verify().contains { $0.kind == .rows && $0.message.contains("\(index)") })
    }

    @Test("rows that go back are refused, so that no table has more of them than samples")
    func rowsThatGoBack() throws {
        let run = try finished()
        let rows = try DatasetIndex(layout: run.layout).rows(shard: 0)
        try run.folder.write(ZstdFrame.compress(SampleRow.lines(rows + rows)), to: Self.rows)
        #expect { try DatasetIndex(layout: run.layout).rows(shard: 0) } throws: { "\($0)".contains("line 7") }
    }

    @Test("a table of rows that is cut, or followed by more, is refused at every length")
    func cutRows() throws {
        let run = try finished()
        let bytes = try run.folder.read(Self.rows)
        for length in 0..<bytes.count {
            try run.folder.write(bytes.prefix(length), to: Self.rows)
            #expect(throws: (any Error).self, "\(length)") { try DatasetIndex(layout: run.layout).rows(shard: 0) }
        }
        for more in [[0], bytes] {
            try run.folder.write(bytes + more, to: Self.rows)
            #expect(throws: ZstdError.self) { try DatasetIndex(layout: run.layout).rows(shard: 0) }
        }
    }

    @Test("mutated tables of rows are read or refused, and never crash")
    func fuzzedRows() throws {
        let run = try finished()
        let lines = try SampleRow.lines(DatasetIndex(layout: run.layout).rows(shard: 0))
        var mutator = ByteMutator(seed: 31)
        for round in 0..<2000 {
            // Damage before the compression reaches the rows, damage after it the frame.
            let frame = try ZstdFrame.compress(round.isMultiple(of: 2) ? mutator.mutate(lines) : lines)
            try run.folder.write(round.isMultiple(of: 2) ? frame : mutator.mutate(frame), to: Self.rows)
            _ = try? DatasetIndex(layout: run.layout).rows(shard: 0, indices: 0..<6)
        }
    }

    // MARK: - Records

    @Test(
        "counts of a record that cannot be are refused, and overflow nothing",
        arguments: ["nfailed", "nsamples", "first_index", "bytes", "tar_bytes"],
        ["9223372036854775807", "4611686018427387904", "-1", "1e3", "[]"])
    func counts(field: String, value: String) throws {
        let run = try finished()
        for shard in 0..<2 { try rewrite(run, "\"\(field)\":[0-9]+", "\"\(field)\":\(value)", shard: shard) }
        #expect { try DatasetIndex(layout: run.layout).record(shard: 0) } throws: {
            "\($0)".contains("shard-000000.json")
        }
        #expect(try run.verify().contains { $0.kind == .record && $0.path == "shards/shard-000000.json" })
    }

    @Test("lengths of shards that are not there add up to no overflow")
    func sums() throws {
        let run = try finished()
        let whole = String(decoding: try run.folder.read("shards/shard-000000.json"), as: UTF8.self)
        // 2^53 bytes each, in plain tars of no sample: 2000 of them are more than 2^63.
        for number in 2..<5 {
            let name = "shard-00000\(number)"
            let text = whole.replacing("shard-000000", with: name)
                .replacing(try Regex("\"nfailed\":[0-9]+"), with: "\"nfailed\":134217728")
                .replacing(try Regex("\"first_index\":[0-9]+"), with: "\"first_index\":9007199254740992")
            try run.folder.write(text, to: "shards/\(name).json")
        }
        let report = try Verifier(layout: run.layout, deep: false).verify()
        #expect(report.failed == 3 * 134_217_728 + 1)
        #expect(report.findings.contains { $0.path == "shards/shard-000002.rows.jsonl.zst" })
    }

    @Test("of a plan that claims a quadrillion shards a hundred are named")
    func missingShards() throws {
        let run = try finished()
        for planned in [1 << 50, Int.max] {
            let report = try Verifier(layout: run.layout, deep: false, plannedShards: planned).verify()
            let missing = report.findings.filter { $0.kind == .incomplete }
            #expect(missing.count == 101)
            #expect(missing[0].path == "shards/shard-000002.json")
            #expect(missing[100].message.contains("more shards are planned"))
        }
        #expect(try Verifier(layout: run.layout, deep: false, plannedShards: 2).verify().findings.isEmpty)
        let three = try Verifier(layout: run.layout, deep: false, plannedShards: 3).verify().findings
        #expect(three.map(\.path) == ["shards/shard-000002.json"])
    }

    @Test("records and batches of samples that are not in the plan are found")
    func beyondThePlan() throws {
        let run = try DemoRun()
        for batch in 0..<4 { _ = try run.store().publish(run.segment(batch)) }
        _ = try run.assembler().assemble(DemoRun.shards[1])
        func found(_ samples: Int) throws -> [String] {
            try Verifier(layout: run.layout, deep: false, plannedSamples: samples).verify().findings
                .filter { $0.message.contains("the plan has \(samples) samples") }.map(\.path)
        }
        #expect(try found(12).isEmpty)
        #expect(try found(11) == ["shards/shard-000001.json"])
        #expect(
            try found(2) == ["shards/shard-000001.json", "segments/batch-000000.json", "segments/batch-000001.json"])
    }

    @Test("a sidecar of samples that the plan puts elsewhere is damaged")
    func foreignSidecars() throws {
        let run = try DemoRun()
        for batch in 0..<2 { _ = try run.store().publish(run.segment(batch)) }
        func scan(_ placeOf: @escaping @Sendable (Int) -> Range<Int>?) throws -> SegmentStore.Scan {
            try SegmentStore(layout: run.layout, configSHA256: run.store().configSHA256) { batch in
                placeOf(batch).map { BatchPlace(shard: 0, samples: $0) }
            }.scan()
        }
        let elsewhere = try scan { $0 == 0 ? 0..<3 : 4..<7 }
        #expect(elsewhere.committed.keys.sorted() == [0])
        #expect(elsewhere.damaged[1]?.description.contains("samples 4 to 6") == true)
        let nowhere = try scan { _ in nil }
        #expect(nowhere.committed.isEmpty && nowhere.damaged[0]?.description.contains("no such batch") == true)
    }

    // MARK: - Frames

    @Test("a frame that unpacks to gigabytes is refused where its record says less, and read piece by piece where not")
    func frameBombs() throws {
        let run = try finished()
        let record = try #require(try DatasetIndex(layout: run.layout).record(shard: 0))
        let bomb = ZstdBomb.frame(of: 0, blocks: 16_384)
        for ulen in [512, 2 << 30] {
            var content = try FrameContent(.zstd, expecting: ulen)
            try content.feed(bomb)
            #expect(throws: (any Error).self) {
                var scanner = SampleBlockScanner()
                while let piece = try content.next() {
                    var input = piece[...]
                    while try scanner.next(&input) != nil {}
                }
                try content.finish()
            }
        }
        #expect(record.nsamples == 5)
    }

    @Test("what a sample is read to piece by piece is what it is read to whole")
    func pieces() throws {
        let block = try SampleBlock.encode(demoSample(3)).bytes
        for size in [1, 7, 511, 512, 513, block.count] {
            var scanner = SampleBlockScanner()
            var members: [String: [UInt8]] = [:]
            var name = ""
            for start in stride(from: 0, to: block.count, by: size) {
                var input = block[start..<min(start + size, block.count)]
                while let event = try scanner.next(&input) {
                    switch event {
                    case .member(let member, _):
                        name = member
                        members[name] = []
                    case .data(let bytes): members[name]? += bytes
                    case .memberEnd: break
                    }
                }
            }
            try scanner.end()
            #expect(try members == demoSample(3).members, "\(size)")
        }
    }

    @Test(
        "a segment whose frame unpacks to gigabytes is damaged, and its shard is not made",
        arguments: Compression.allCases)
    func segmentBombs(compression: Compression) throws {
        let run = try DemoRun(failed: [])
        for batch in 0..<2 { _ = try run.store().publish(run.segment(batch)) }
        let sidecar = try #require(try run.store().sidecar(batch: 0))
        let path = "segments/\(sidecar.dataName)"
        var data = try run.folder.read(path)
        let first = sidecar.frames[0]
        // As many bytes as before, and a frame's header that claims 1 GiB.
        let bomb = ZstdBomb.frame(of: 0, blocks: 8192).prefix(first.clen)
        data.replaceSubrange(0..<first.clen, with: bomb)
        try run.folder.write(data, to: path)
        #expect(throws: SegmentError.self) { try run.assembler(compression).assemble(DemoRun.shards[0]) }
        #expect(try run.folder.contents(under: "shards").isEmpty)
    }

    // MARK: - What lies in place of files

    enum Obstacle: CaseIterable { case pipe, link, folder }

    private func replace(_ path: String, by obstacle: Obstacle) throws {
        let aside = path + ".aside"
        if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.moveItem(atPath: path, toPath: aside)
        }
        switch obstacle {
        case .pipe: try #require(mkfifo(path, 0o600) == 0)
        // To the very file: it is refused for being a link.
        case .link: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: aside)
        case .folder: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
    }

    @Test(
        "pipes, links and folders in place of a run's files are found and named, and nobody waits for them",
        arguments: [
            "shards/shard-000000.json", Self.rows, "shards/shard-000000.tar.zst", "shards.json", "samples.jsonl.zst",
        ], Obstacle.allCases)
    func obstacles(name: String, obstacle: Obstacle) throws {
        let run = try finished()
        try replace("\(run.layout.run)/\(name)", by: obstacle)
        let findings = try run.verify()
        let what = [Obstacle.pipe: "a pipe", .link: "a link", .folder: "a folder"][obstacle] ?? ""
        #expect(findings.contains { $0.path == name && $0.message.contains(what) }, "\(findings)")
    }

    @Test("the same in place of a sidecar is a damaged batch", arguments: Obstacle.allCases)
    func sidecars(obstacle: Obstacle) throws {
        let run = try DemoRun()
        _ = try run.store().publish(run.segment(0))
        try replace("\(run.layout.segments)/batch-000000.json", by: obstacle)
        let scan = try run.store().scan()
        #expect(scan.committed.isEmpty && scan.damaged[0]?.description.contains("a regular file is needed") == true)
    }
}
