import ClipSampling
import Foundation
import Logging
import Method
import Planning
import TestSupport
import Testing
import Torch

@testable import Engine
@testable import Worker

@Suite struct BatchGenerationTests {
    private static let image = SampleInput(condition: .image(Image(width: 1, height: 1, pixels: [0, 0, 0])!))

    private func samples(_ seconds: [Double]) -> [PlannedSample] {
        seconds.enumerated().map { index, seconds in
            PlannedSample(
                index: index, key: "k\(index)", task: .i2a, prompt: nil, negativePrompt: "", input: nil,
                seed: UInt64(index),
                duration: seconds)
        }
    }

    private func observer() -> BatchObserver {
        BatchObserver(progress: { _ in }, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func fit(rehearses: Bool = false) -> BatchFit {
        BatchFit(rehearses: rehearses, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func result(_ seed: UInt64) -> GenerationResult {
        let latent = GenerationResult.Latent(bytes: [], shape: [])
        let audio = GenerationResult.Audio(waveform: [Float(seed)], latent: latent)
        return GenerationResult(audio: audio, video: nil, losses: [], isFinite: true)
    }

    private func job() throws -> Job { try TemporaryRun([("a", .image, "a.ppm")], files: ["a.ppm": []]).run.job }

    @Test func samplesOfOneLengthAreComputedTogether() throws {
        let calls = CallLog()
        let generation = BatchGeneration(job: try job(), fit: fit()) { requests, settings, _ in
            calls.add(requests.count, settings.extent.duration)
            return requests.map { self.result($0.seed) }
        }
        let samples = samples([2, 5, 2, 2, 5])
        let inputs = Dictionary(uniqueKeysWithValues: samples.map { ($0.index, Self.image) })
        let results = try generation.run(samples, inputs: inputs, observer: observer())
        #expect(calls.entries == ["3 of 2.0", "2 of 5.0"])
        #expect(try results.mapValues { try $0.get().audio?.waveform[0] } == [0: 0, 1: 1, 2: 2, 3: 3, 4: 4])
    }

    @Test func halvesWhereMemoryRunsOut() throws {
        let calls = CallLog()
        let generation = BatchGeneration(job: try job(), fit: fit()) { requests, settings, _ in
            calls.add(requests.count, settings.extent.duration)
            guard requests.count <= 2, requests[0].seed != 4 else {
                throw TorchError.outOfMemory(operation: "conv", message: "full")
            }
            return requests.map { self.result($0.seed) }
        }
        let samples = samples([1, 1, 1, 1, 1])
        let inputs = Dictionary(uniqueKeysWithValues: samples.map { ($0.index, Self.image) })
        let results = try generation.run(samples, inputs: inputs, observer: observer())
        // 5 → 2 + 3 → 1 + 2; the last sample does not even fit alone when it comes first.
        #expect(calls.entries.map { $0.prefix(1) } == ["5", "2", "3", "1", "2"])
        #expect(try (0..<5).allSatisfy { try results[$0]?.get().audio?.waveform == [Float($0)] })
    }

    @Test("after memory ran out, no later batch of the settings tries as many again")
    func remembersWhatDidNotFit() throws {
        let calls = CallLog()
        let generation = BatchGeneration(job: try job(), fit: fit()) { requests, settings, _ in
            calls.add(requests.count, settings.extent.duration)
            guard requests.count <= 2 else { throw TorchError.outOfMemory(operation: "conv", message: "full") }
            return requests.map { self.result($0.seed) }
        }
        let samples = samples([1, 1, 1, 1, 1, 1])
        let inputs = Dictionary(uniqueKeysWithValues: samples.map { ($0.index, Self.image) })
        for _ in 0..<2 {
            let results = try generation.run(samples, inputs: inputs, observer: observer())
            #expect(try results.mapValues { try $0.get().audio?.waveform[0] }.count == 6)
        }
        // 6 → 3 + 3 → 1 + 2 each, and from then on at most 2.
        #expect(calls.entries.map { $0.prefix(1) } == ["6", "3", "1", "2", "3", "1", "2", "2", "2", "2"])
    }

    @Test(
        "a device rehearses one step of all, then the largest number that fits is used from then on", arguments: 1...9)
    func rehearsals(room: Int) throws {
        let calls = CallLog()
        let generation = BatchGeneration(job: try job(), fit: fit(rehearses: true)) { requests, settings, _ in
            calls.add(requests.count, Double(settings.sampling.steps))
            guard requests.count <= room else { throw TorchError.outOfMemory(operation: "conv", message: "full") }
            return requests.map { self.result($0.seed) }
        }
        let samples = samples(Array(repeating: 1, count: 8))
        let inputs = Dictionary(uniqueKeysWithValues: samples.map { ($0.index, Self.image) })
        for _ in 0..<2 {
            #expect(try generation.run(samples, inputs: inputs, observer: observer()).count == 8)
        }
        let rehearsed = calls.entries.prefix { $0.hasSuffix("of 1.0") }
        let made = calls.entries.dropFirst(rehearsed.count).compactMap { Int($0.prefix(1)) }
        #expect(rehearsed.count <= 4 && rehearsed.first == "8 of 1.0")
        #expect(!calls.entries.dropFirst(rehearsed.count).contains { $0.hasSuffix("of 1.0") })
        #expect(made.allSatisfy { $0 <= room } && made.reduce(0, +) == 16)
        #expect(made.count == 2 * ((8 + min(room, 8) - 1) / min(room, 8)))
    }

    @Test func aSampleThatDoesNotFitAloneFailsAlone() throws {
        let generation = BatchGeneration(job: try job(), fit: fit()) { requests, _, _ in
            guard !requests.contains(where: { $0.seed == 1 }) else {
                throw TorchError.outOfMemory(operation: "conv", message: "full")
            }
            return requests.map { self.result($0.seed) }
        }
        let samples = samples([1, 1, 1])
        let inputs = Dictionary(uniqueKeysWithValues: samples.map { ($0.index, Self.image) })
        let results = try generation.run(samples, inputs: inputs, observer: observer())
        #expect(try results[0]?.get().audio?.waveform == [0])
        #expect(try results[2]?.get().audio?.waveform == [2])
        guard case .failure(let failure) = results[1] else {
            Issue.record("the sample was made")
            return
        }
        #expect(failure.kind == SampleFailure.outOfMemoryKind)
    }

    @Test func progressCountsRunsAndCancellationEndsThem() throws {
        let seen = CallLog()
        let observer = BatchObserver(progress: { seen.add(Int(($0 * 100).rounded()), 0) }, log: Logger(label: "test"))
        observer.expect(runs: 2)
        for _ in 0..<2 { for step in 0..<2 { try observer.willBegin(step: step, of: 2) } }
        #expect(seen.entries == ["0 of 0.0", "25 of 0.0", "50 of 0.0", "75 of 0.0"])
        observer.cancel()
        #expect(throws: CancellationError.self) { try observer.willBegin(step: 0, of: 2) }
    }
}

/// What was called, in order.
final class CallLog: @unchecked Sendable {
    // One thread at a time: the tests call it from theirs.
    private(set) var entries: [String] = []
    func add(_ count: Int, _ seconds: Double) { entries.append("\(count) of \(seconds)") }
}
