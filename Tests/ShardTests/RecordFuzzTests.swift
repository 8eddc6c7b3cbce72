import TestSupport
import Testing

@testable import Shard

@Suite struct RecordFuzzTests {
    @Test("a mutated sidecar gives a record or an error, and no crash")
    func sidecars() throws {
        let run = try DemoRun()
        let seeds = try [run.segment(1).sidecarJSON()]
        _ = fuzz(seeds, seed: 21) { _ = try SegmentSidecar(parsing: $0, name: "batch-000001.json") }
    }

    @Test("a mutated commit record gives a record or an error, and no crash")
    func commitRecords() throws {
        let run = try DemoRun()
        try run.finish()
        let seeds = try [run.folder.read("shards/shard-000000.json")]
        _ = fuzz(seeds, seed: 22) { _ = try CommitRecord(parsing: $0, name: "shard-000000.json") }
    }

    @Test("numbers that overflow or are none are refused in a sidecar")
    func numbersThatOverflow() throws {
        let run = try DemoRun()
        let text = String(decoding: try run.segment(1).sidecarJSON(), as: UTF8.self)
        for field in ["off", "uoff", "clen", "ulen", "bytes"] {
            for value in ["9223372036854775807", "-1", "9223372036854775808", "4294967295", "1e300", "null", "\"1\""] {
                let damaged = text.replacing(try Regex("\"\(field)\":[0-9]+"), with: "\"\(field)\":\(value)")
                #expect(throws: RecordError.self, "\(field) \(value)") {
                    try SegmentSidecar(parsing: Array(damaged.utf8), name: "batch-000001.json")
                }
            }
        }
        let extents = text.replacing(
            try Regex("\\[[0-9]+,[0-9]+\\]"), with: "[9223372036854775807,9223372036854775807]")
        #expect(throws: RecordError.self) {
            try SegmentSidecar(parsing: Array(extents.utf8), name: "batch-000001.json")
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: RecordError.self) { try SegmentSidecar(parsing: Array(deep.utf8), name: "batch-000001.json") }
    }

    @Test("no file name crashes the parser of names")
    func fuzzedFileNames() {
        let names = ["batch-000042.json", ".shards.json.tmp.node-1.example.org.42-3", "shard-000001.rows.jsonl.zst"]
        _ = fuzz(names.map { Array($0.utf8) }, seed: 23) { _ = RunLayout.FileKind(String(decoding: $0, as: UTF8.self)) }
    }

    @Test("each file name of a run has one kind, and other names have none")
    func fileNames() {
        #expect(RunLayout.FileKind("batch-000042.json") == .sidecar(batch: 42))
        #expect(RunLayout.FileKind("batch-000042.0123456789abcdef.seg") == .segment(batch: 42))
        #expect(RunLayout.FileKind("shard-1000000.tar") == .shard(1_000_000, .none))
        #expect(RunLayout.FileKind("shard-000001.rows.jsonl.zst") == .rows(shard: 1))
        #expect(RunLayout.FileKind(".shards.json.tmp.h.1") == .temporary)
        for name in [
            "shard-1.tar", "shard--00001.tar", "shard-0000001.tar", "batch-000001.seg", "shard-000001", "x", "-.", "",
        ] {
            #expect(RunLayout.FileKind(name) == nil, "\(name)")
        }
    }
}
