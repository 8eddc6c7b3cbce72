import Foundation
import Shard
import TestSupport
import Testing

/// What a run directory holds, read back.
struct FinishedRun {
    let folder: String
    private var layout: RunLayout { RunLayout(run: folder) }

    init(_ folder: String) { self.folder = folder }

    /// All bytes that depend on the job alone, by name: the shards, their records, and the list of shards.
    func fixedBytes() throws -> [String: Data] {
        var bytes = ["shards.json": try Data(contentsOf: URL(filePath: layout.shardList))]
        for name in try FileManager.default.contentsOfDirectory(atPath: layout.shards)
        where !name.hasSuffix(".rows.jsonl.zst") {
            bytes[name] = try Data(contentsOf: URL(filePath: "\(layout.shards)/\(name)"))
        }
        return bytes
    }

    /// Expects the same bytes in another run, and names the files that differ.
    func expectSameBytes(as other: FinishedRun, _ what: String, at location: SourceLocation = #_sourceLocation) throws {
        let (own, others) = (try fixedBytes(), try other.fixedBytes())
        let different = Set(own.keys).union(others.keys).filter { own[$0] != others[$0] }.sorted()
        #expect(different.isEmpty, "\(what): other bytes in \(different)", sourceLocation: location)
        #expect(own.keys.contains { $0.contains(".tar") }, "\(what): there are no shards", sourceLocation: location)
    }

    /// The table of samples, in manifest order.
    func rows() async throws -> [SampleRow] { try await Self.rows(in: layout.samples) }

    /// The rows of every batch that is committed at this moment, in a shard or on its own.
    func committedRows() async throws -> [SampleRow] {
        var rows: [SampleRow] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: layout.shards).sorted()
        where name.hasSuffix(".rows.jsonl.zst") {
            // Committed by the record, which is written after it.
            let record = name.replacing(".rows.jsonl.zst", with: ".json")
            guard FileManager.default.fileExists(atPath: "\(layout.shards)/\(record)") else { continue }
            rows += try await Self.rows(in: "\(layout.shards)/\(name)")
        }
        for name in committedSegments() {
            let bytes = try Data(contentsOf: URL(filePath: "\(layout.segments)/\(name)"))
            rows += try SegmentSidecar(parsing: Array(bytes), name: name).rows
        }
        return rows
    }

    /// The sidecars that are there; cheap enough to be asked often.
    func committedSegments() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: layout.segments)) ?? [])
            .filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
    }

    /// What the ranks have written of themselves, of all ranks.
    func logs() throws -> String {
        let folder = URL(filePath: "\(folder)/logs")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }.joined()
    }

    /// The shard files' paths.
    func shardFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: layout.shards).sorted()
            .filter { $0.hasSuffix(".tar.zst") || $0.hasSuffix(".tar") }.map { "\(layout.shards)/\($0)" }
    }

    private static func rows(in file: String) async throws -> [SampleRow] {
        let outcome = try await Programs.run("zstd", ["-dcq", file])
        try #require(outcome.code == 0, "zstd -dcq \(file): \(outcome.text)")
        return try SampleRow.parse(lines: Array(outcome.output.utf8), name: file)
    }
}
