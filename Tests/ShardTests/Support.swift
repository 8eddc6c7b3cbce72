import Fixtures
import Foundation
import Synchronization
import Testing

@testable import Shard

/// A folder that goes away with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appending(path: "seehear-shard-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Every file below the folder with its bytes.
    func contents(under folder: String = "") throws -> [String: [UInt8]] {
        let root = folder.isEmpty ? path : "\(path)/\(folder)"
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
            let url = URL(filePath: "\(root)/\(name)")
            if let data = try? Data(contentsOf: url) { files[name] = Array(data) }
        }
        return files
    }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)"))) }

    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: URL(filePath: "\(path)/\(name)")) }
}

extension SplitMix64 {
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

/// Runs `body` on `count` damaged copies of `seeds`: bits flipped, bytes set to telling values, pieces cut, doubled or
/// exchanged. The parsers may throw; a crash ends the test run.
/// - Returns: how many copies were accepted.
func fuzz(_ seeds: [[UInt8]], count: Int = 10_000, seed: UInt64, _ body: ([UInt8]) throws -> Void) -> Int {
    var generator = SplitMix64(seed: seed)
    let telling: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, 0x2D, 0x30, 0x39, 0x7B, 0x7D, 0x22, 0x5B]
    var accepted = 0
    for round in 0..<count {
        var bytes = seeds[round % seeds.count]
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            let length = Int.random(in: 1...min(24, bytes.count - place), using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[place] = telling[Int.random(in: 0..<telling.count, using: &generator)]
            case 2: bytes.removeLast(bytes.count - place)
            case 3: bytes.removeSubrange(place..<(place + length))
            case 4: bytes.insert(contentsOf: bytes[place..<(place + length)], at: place)
            default: bytes.replaceSubrange(place..<(place + length), with: generator.bytes(length))
            }
        }
        if bytes != seeds[round % seeds.count], (try? body(bytes)) != nil { accepted += 1 }
    }
    return accepted
}

/// Runs a program and returns what it printed on both channels, and its exit status.
func execute(_ program: String, _ arguments: [String]) throws -> (output: String, status: Int32) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C", "TZ": "UTC"]) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (String(decoding: output, as: UTF8.self), process.terminationStatus)
}

/// The hash of a job.
let config = String(repeating: "ab", count: 32)

/// A sample whose bytes depend on its index alone.
func demoSample(_ index: Int) throws -> Sample {
    var generator = SplitMix64(seed: UInt64(index) + 1)
    let latent = try NPYArray(dtype: .float16, shape: [4, 8], data: generator.bytes(64))
    return Sample(
        key: "clip_\(index)",
        members: [
            "json": Array(#"{"key":"clip_\#(index)","seed":\#(index)}"#.utf8),
            "flac": generator.bytes(700 + index * 13),
            "audio_latent.npy": latent.bytes,
        ])
}

func demoRow(_ index: Int, failed: Bool = false, rank: Int = 1) -> SampleRow {
    SampleRow(
        index: index, key: "clip_\(index)", task: "v2a", prompt: index % 2 == 0 ? "a \"dog\" / barks\n" : nil,
        seed: UInt64(index) << 40, status: failed ? .failed : .ok, losses: failed ? [1.5, .nan] : [0.5, 0.25],
        error: failed ? SampleRow.Failure(kind: "nan", message: "the latent is not finite") : nil,
        seconds: 1.25, stages: ["decode": 0.5], rank: rank, host: "node\(rank)", attempt: 1)
}

/// A run of four batches with three samples each, in two shards of two batches. Samples of `failed` fail.
struct DemoRun {
    let folder: TemporaryFolder
    let layout: RunLayout
    let failed: Set<Int>
    static let shards = [
        ShardContents(shard: 0, firstIndex: 0, batches: [0, 1]),
        ShardContents(shard: 1, firstIndex: 6, batches: [2, 3]),
    ]

    init(failed: Set<Int> = [4]) throws {
        folder = TemporaryFolder()
        layout = RunLayout(run: folder.path)
        self.failed = failed
        try layout.create()
    }

    func segment(_ batch: Int, rank: Int = 1, failing: Set<Int>? = nil) throws -> EncodedSegment {
        let failed = failing ?? failed
        let indices = (batch * 3)..<(batch * 3 + 3)
        return try EncodedSegment(
            batch: batch, configSHA256: config,
            samples: indices.filter { !failed.contains($0) }.map(demoSample).reversed(),
            rows: indices.map { demoRow($0, failed: failed.contains($0), rank: rank) }.reversed())
    }

    func store(_ faults: FaultHook = .none) -> SegmentStore {
        SegmentStore(layout: layout, configSHA256: config, faults: faults)
    }

    func assembler(_ compression: Compression = .zstd, _ faults: FaultHook = .none) -> ShardAssembler {
        ShardAssembler(layout: layout, configSHA256: config, compression: compression, faults: faults)
    }

    /// Does whatever is not done yet, as a coordinator would on every start.
    func finish(_ compression: Compression = .zstd, order: [Int] = [0, 1, 2, 3], faults: FaultHook = .none) throws {
        try layout.sweepTemporaryFiles()
        let done = try Set(DatasetIndex(layout: layout).records().map(\.number))
        for batch in order where !done.contains(batch / 2) {
            if try store().sidecar(batch: batch) == nil {
                _ = try store(faults).publish(segment(batch, rank: batch + 1))
            }
        }
        for shard in Self.shards { _ = try assembler(compression, faults).assemble(shard) }
        try DatasetIndex(layout: layout, faults: faults).rebuild()
    }

    func verify(deep: Bool = true) throws -> [Finding] { try Verifier(layout: layout, deep: deep).verify().findings }

    /// A copy of the finished run in a folder of its own.
    func copy() throws -> DemoRun {
        let copy = try DemoRun(failed: failed)
        for (name, bytes) in try folder.contents() { try copy.folder.write(bytes, to: name) }
        return copy
    }
}

/// Stops at the n-th step that passes a hook, or only counts.
final class StepCounter: Sendable {
    private let state = Mutex((seen: 0, log: [String]()))
    let stopAt: Int?

    init(stopAt: Int? = nil) { self.stopAt = stopAt }

    var count: Int { state.withLock { $0.seen } }
    var log: [String] { state.withLock { $0.log } }

    var hook: FaultHook {
        FaultHook { step, name in
            self.state.withLock { state in
                state.seen += 1
                state.log.append("\(step) \(name)")
                return state.seen - 1 == self.stopAt
            }
        }
    }
}
