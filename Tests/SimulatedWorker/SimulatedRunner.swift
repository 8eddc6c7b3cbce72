import Coordinator
import Foundation
import Logging
import Method
import Planning
import Shard
import TestSupport
import Worker

/// Publishes bytes that depend on each sample's seed alone, after a time that does not.
///
/// A prompt may ask for trouble: `kill` ends the process while that sample is computed, `hang` never ends, `fail` is a
/// failed sample, `slow` takes a second, `large` is one of 12 MB, and `quick` one of a few bytes at once.
struct SimulatedRunner: BatchRunner {
    private let run: Run
    private let place: RankProgram.Place
    private let log: Logger

    init(_ run: Run, _ place: RankProgram.Place, _ log: Logger) {
        self.run = run
        self.place = place
        self.log = log
    }

    func prefetch(_ batch: Int) async {}
    func discard(_ batch: Int) async {}

    func run(_ order: BatchOrder, _ watch: BatchWatch) async throws -> BatchReport {
        let planned = try run.samples(of: order.batch, as: PlannedSample.self)
        var samples: [Sample] = []
        var rows: [SampleRow] = []
        for (number, sample) in planned.enumerated() {
            watch.progress(Double(number) / Double(planned.count))
            var failure = order.excluded[sample.index].map { SampleRow.Failure(kind: "workerLost", message: $0) }
            if failure == nil {
                if order.isolation == .samples { await watch.begin(sample.index) }
                switch sample.prompt {
                case "kill": kill(getpid(), SIGKILL)
                case "hang": while true { try await Task.sleep(for: .seconds(60)) }
                case "fail": failure = SampleRow.Failure(kind: "asked", message: "The prompt asks for it.")
                case "slow": try await Task.sleep(for: .seconds(1))
                case "quick": break
                default: try await Task.sleep(for: .milliseconds(50))
                }
            }
            if failure == nil {
                let bytes =
                    switch sample.prompt {
                    case "large": Self.large(sample.seed)
                    case "quick": Array("\(sample.seed)".utf8)
                    default: Self.bytes(sample.seed)
                    }
                samples.append(Sample(key: sample.key, members: ["bin": bytes]))
            }
            rows.append(
                SampleRow(
                    index: sample.index, key: sample.key, task: sample.task.rawValue, prompt: sample.prompt,
                    seed: sample.seed, status: failure == nil ? .ok : .failed, error: failure, rank: place.rank))
        }
        watch.computed()
        try await Task.sleep(for: .milliseconds(40))
        let segment = try EncodedSegment(
            batch: order.batch, configSHA256: run.description.configSHA256, samples: samples, rows: rows)
        let publication = try await watch.publisher.publish(segment)
        return BatchReport(
            batch: order.batch, succeeded: samples.count, failed: rows.count - samples.count,
            bytes: segment.data.count, seconds: 0.01, published: publication == .published)
    }

    /// More than travels in one message.
    private static func large(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        let words = (0..<1_500_000).map { _ in random.next() }
        return words.withUnsafeBytes { Array($0) }
    }

    private static func bytes(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        return (0..<Int.random(in: 1_000..<20_000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
        }
    }
}
