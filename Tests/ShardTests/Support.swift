import Files
import Synchronization
import TestSupport
import Testing

@testable import Shard

/// Runs `body` on `count` damaged copies of `seeds`. The parsers may throw; a crash ends the test run.
/// - Returns: how many copies were accepted.
func fuzz(_ seeds: [[UInt8]], count: Int = 10_000, seed: UInt64, _ body: ([UInt8]) throws -> Void) -> Int {
    var mutator = ByteMutator(seed: seed)
    var accepted = 0
    for round in 0..<count {
        let bytes = mutator.mutate(seeds[round % seeds.count])
        if bytes != seeds[round % seeds.count], (try? body(bytes)) != nil { accepted += 1 }
    }
    return accepted
}

/// Runs a program that speaks English and lives in UTC.
func execute(_ program: String, _ arguments: [String]) throws -> Programs.Outcome {
    try Running(program, arguments, environment: ["LC_ALL": "C", "TZ": "UTC"]).blockingOutcome()
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

/// That of sample 5 has findings.
func demoRow(_ index: Int, failed: Bool = false, rank: Int = 1) -> SampleRow {
    SampleRow(
        index: index, key: "clip_\(index)", task: "v2a", prompt: index % 2 == 0 ? "a \"dog\" / barks\n" : nil,
        seed: UInt64(index) << 40, status: failed ? .failed : .ok, losses: failed ? [1.5, .nan] : [0.5, 0.25],
        findings: index == 5 ? demoFindings : .none,
        error: failed ? SampleRow.Failure(kind: "nan", message: "the latent is not finite") : nil,
        seconds: 1.25, stages: ["decode": 0.5], rank: rank, host: "node\(rank)")
}

/// What guides may find.
let demoFindings = SampleFindings(
    choice: .init(
        score: 0.75, particle: 2, cuts: [.init(step: 3, scores: [10: 0.25, 0: 0.5, 2: 0.625, 1: -1], kept: [2, 0])]),
    videoChoice: .init(score: 0.25), trust: 0.5, words: [.init(text: "a bell", weight: 0.875, cosine: 0.5)],
    definiteCaption: "a red star flashes")

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
        folder = try TemporaryFolder()
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
        let done = try Set(DatasetIndex(layout: layout).shardNumbers())
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
