import Engine
import Foundation
import Logging
import Method
import Planning
import TestSupport
import Testing

@testable import Worker

/// What `tune` measures, on the toy world.
@Suite struct GuideTuningTests {
    private static let orders: [(first: [Double], second: [Double], expected: Double)] = [
        ([1, 2, 3, 4], [10, 20, 30, 1000], 1), ([1, 2, 3], [3, 2, 1], -1),
        // scipy.stats.spearmanr([1, 2, 2, 4, 5], [2, 1, 3, 5, 4])
        ([1, 2, 2, 4, 5], [2, 1, 3, 5, 4], 0.7181848464596079),
    ]

    @Test("Spearman's coefficient is that of ranks, and equal values share theirs", arguments: orders.indices)
    func spearman(place: Int) throws {
        let (first, second, expected) = Self.orders[place]
        let found = try #require(RankCorrelation.of(first, second))
        #expect(abs(found - expected) < 1e-12)
    }

    @Test("values that are all equal have no order to compare")
    func noOrder() {
        #expect(RankCorrelation.of([1, 1, 1], [1, 2, 3]) == nil)
        #expect(RankCorrelation.of([1], [2]) == nil && RankCorrelation.of([1, 2], [1]) == nil)
    }

    private func planned(_ more: String) throws -> (Job, [PlannedSample]) {
        let world = Fixtures.checkout.path
        let job = try JobFile.resolve(
            """
            task: i2a
            manifest: rows.jsonl
            preset: search
            labels: \(world)/Models/labels/toyworld.txt
            models: {audio: \(world)/Models/toyworld/audioldm, binder: \(world)/Models/toyworld/imagebind}
            sampling: {duration: 0.5, steps: 4}
            threads: 1
            batch: 2
            \(more)
            """, path: "/nowhere/job.yaml")
        let pictures = try FileManager.default.contentsOfDirectory(atPath: world + "/demo/scenes")
            .filter { $0.hasSuffix(".png") }.sorted().prefix(2).map { world + "/demo/scenes/" + $0 }
        let samples = (pictures + ["/nowhere/lost.png"]).enumerated().map { index, path in
            PlannedSample.image(at: path, index: index)
        }
        return (job, samples)
    }

    @Test("scores on the way and every trial are measured on the same samples, and a lost one is named")
    func report() throws {
        let (job, samples) = try planned("")
        var options = GuideTuning.Options()
        options.temperatures = [0.03]
        options.rounds = [[], [.init(at: 0.25, keep: 1)]]
        var parts: [TuningReport] = []
        let report = try GuideTuning(job, .i2a, options).run(samples) { _ in
        } each: {
            parts.append($0)
        }
        #expect(report.samples == 2 && report.unread.keys.sorted() == ["lost"])
        #expect(report.moments.map(\.at) == [0.1, 0.2, 0.3, 0.4, 0.5])
        for moment in report.moments {
            let (correlation, gain) = (try #require(moment.correlation), try #require(moment.gain))
            #expect(abs(correlation) <= 1 && gain <= 1)
        }
        // Words or none, a push or none, cuts or none.
        #expect(report.trials.count == 8 && parts.count == 9)
        #expect(report.trials.map(\.score) == report.trials.map(\.score).sorted(by: >))
        let plain = try #require(
            report.trials.first { $0.temperature == nil && $0.strength == 0 && $0.rounds.isEmpty })
        #expect(plain.evaluations == 1 && plain.settings.contains("particles: 1"))
        let cut = try #require(report.trials.first { $0.temperature == nil && $0.strength == 0 && !$0.rounds.isEmpty })
        // 8 at two steps, 1 at two.
        #expect(cut.evaluations == 18.0 / 4 && cut.score >= plain.score - 1)
        for trial in report.trials { #expect(report.table.contains(trial.settings)) }
    }

    @Test(
        "a job with the line of a trial does what was measured", arguments: GenerationTask.allCases,
        ["search", "guided", "official"])
    func settings(task: GenerationTask, preset: String) throws {
        func job(_ guidance: String) throws -> Job {
            try JobFile.resolve(
                """
                task: \(task.rawValue)
                manifest: rows.jsonl
                labels: labels.txt
                caption: labels
                preset: \(preset)
                models: {audio: a, image: i, motion: m, mm: c, binder: b}
                sampling: {mm: {scheduler: ddim}}
                \(guidance)
                """, path: "/nowhere/job.yaml")
        }
        let plain = try job("")
        let bench = TuningBench(
            job: plain, task: task, samples: [], fit: BatchFit(rehearses: false, log: Logger(label: "test")),
            log: Logger(label: "test")
        ) { _, _, _ in [] }
        let cuts = [BeginningSettings.Round(at: 0.1, keep: 4), BeginningSettings.Round(at: 0.3, keep: 1)]
        for (temperature, strength, rounds) in [(nil, 0, []), (0.03, 0.3, cuts), (0.1, 0, cuts), (nil, 0.3, [])]
            as [(Double?, Double, [BeginningSettings.Round])]
        {
            let trial = TuningBench.Trial(temperature: temperature, strength: strength, rounds: rounds)
            let own = task == .joint && preset == "official" && temperature != nil
            if own || task.isCoupled && temperature != nil { continue }  // Words need a video that is made first.
            let read = try job("guidance: \(bench.line(trial))").settings(for: task).guidance
            #expect(read == bench.guidance(trial), "\(bench.line(trial))")
        }
    }

    @Test("a job without a sample that can be read is refused with the reason")
    func nothing() throws {
        let (job, samples) = try planned("")
        let error = #expect(throws: TuningError.self) {
            try GuideTuning(job, .i2a, GuideTuning.Options()).run(samples.suffix(1))
        }
        #expect("\(try #require(error))".contains("lost"))
    }
}

extension PlannedSample {
    /// A planned picture, without a caption.
    fileprivate static func image(at path: String, index: Int) -> PlannedSample {
        let bytes = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64) ?? 1
        return PlannedSample(
            index: index, key: URL(filePath: path).deletingPathExtension().lastPathComponent, task: .i2a, prompt: nil,
            negativePrompt: "", input: PlannedInput(kind: .image, path: path, bytes: bytes), seed: UInt64(index + 3),
            duration: 0.5)
    }
}
