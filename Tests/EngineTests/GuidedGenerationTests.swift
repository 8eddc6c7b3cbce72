import ClipSampling
import Foundation
import Goldens
import Method
import Parity
import TestSupport
import Testing
import Torch

@testable import Engine

/// Whole samples of the toy world under the guides: few steps, true models.
@Suite(.serialized) struct GuidedGenerationTests {
    static let models = GuideParityTests.models
    static let list = [
        "a red circle bounces", "a blue star flashes", "a green square pulses", "a cyan triangle bounces",
    ]

    private func pipeline() throws -> GenerationPipeline {
        let binder = try Self.models.binder
        return GenerationPipeline(
            audio: try Self.models.audio, video: try Self.models.video, binder: binder,
            captioner: try LabelCaptioner(labels: Self.list, binder: binder))
    }

    private func settings(
        _ task: GenerationTask, _ preset: Preset, steps: Int = 4, _ change: (inout Guidance) -> Void = { _ in }
    ) -> GenerationSettings {
        let own = preset.settings(for: task)
        var (sampling, guidance) = (own.sampling, own.guidance)
        sampling.steps = steps
        sampling.video?.width = 64
        sampling.video?.height = 64
        let isVideo = sampling.video?.length != nil
        if isVideo { sampling.video?.length = VideoLength(frames: 4, fps: 4) }
        change(&guidance)
        return GenerationSettings(
            sampling: sampling, guidance: guidance, clips: .imageBind, memory: .auto,
            extent: SampleExtent(duration: 1, frames: sampling.video == nil ? nil : isVideo ? 4 : 1))
    }

    private func request(_ task: GenerationTask, _ number: Int = 0, caption: String? = "a thing") throws
        -> GenerationRequest
    {
        let pixels = (0..<64 * 64 * 3).map { UInt8(($0 * (7 + number)) % 251) }
        let picture = try #require(Image(width: 64, height: 64, pixels: pixels))
        let condition: GenerationRequest.Condition? =
            switch task {
            case .v2a: .clips([[picture, picture]])
            case .i2a: .image(picture)
            case .a2v, .a2i: .audio(try (randn(UInt64(number + 1), [16_000]) * 0.1).floats(), clips: 1)
            case .joint, .mm: nil
            }
        return GenerationRequest(
            caption: caption, negativePrompt: "", condition: condition, seed: UInt64(number + 7))
    }

    private func few(_ guidance: inout Guidance) {
        guidance.beginnings.particles = PerModality(audio: 4, video: 2)
        guidance.beginnings.rounds = [.init(at: 0.25, keep: 2), .init(at: 0.5, keep: 1)]
    }

    /// Of the toy world's models; MM-Diffusion has a test of its own.
    private static let tasks = GenerationTask.allCases.filter { !$0.isCoupled }

    @Test("one beginning without words is the plain pipeline, bit for bit", arguments: tasks)
    func plain(task: GenerationTask) throws {
        let pipeline = try pipeline()
        let requests = [try request(task)]
        let search = settings(task, .search) {
            $0.words = nil
            $0.beginnings = .one
            if task == .joint { $0.joint.order = .together }
            $0.joint.definite = nil
        }
        var vanilla = search
        vanilla.guidance = .off
        for (a, b) in try zip(pipeline.generate(requests, search), pipeline.generate(requests, vanilla)) {
            #expect(a.audio?.latent.bytes == b.audio?.latent.bytes && a.audio?.waveform == b.audio?.waveform)
            #expect(a.video?.latent.bytes == b.video?.latent.bytes && a.video?.frames == b.video?.frames)
            #expect(a.choice == b.choice && a.choice.score != nil && a.choice.cuts.isEmpty && a.words.isEmpty)
        }
    }

    @Test("every preset makes every task, scored and finite", arguments: [Preset.search, .guided, .both])
    func presets(preset: Preset) throws {
        let pipeline = try pipeline()
        for task in Self.tasks {
            let results = try pipeline.generate([request(task)], settings(task, preset, few))
            for result in results {
                #expect(result.isFinite && (result.audio != nil) == task.makesAudio)
                #expect((result.video != nil) == task.makesFrames && result.others.isEmpty)
                #expect(abs(try #require(result.choice.score)) <= 1)
                #expect(result.choice.cuts.map(\.kept.count) == [2, 1], "two of two are only looked at")
                let cut = try #require(result.choice.cuts.last)
                #expect(cut.kept == [result.choice.particle])
                #expect(result.words.isEmpty == (preset == .guided))
                #expect(result.trust == 1, "a list of four says nothing of trust")
                #expect(result.losses.isEmpty == (preset == .search))
                #expect((result.videoChoice != nil) == (task == .joint))
                #expect((result.definiteCaption != nil) == (task == .joint && preset != .guided))
            }
        }
    }

    @Test("words and scores of a sample depend on no neighbour", arguments: [GenerationTask.i2a, .a2i])
    func alone(task: GenerationTask) throws {
        let pipeline = try pipeline()
        let wanted = settings(task, .search, few)
        let together = try pipeline.generate((0..<3).map { try request(task, $0) }, wanted)[2]
        let alone = try pipeline.generate([request(task, 2)], wanted)[0]
        #expect(together.choice.particle == alone.choice.particle)
        #expect(abs(try #require(together.choice.score) - #require(alone.choice.score)) < 1e-4)
        #expect(together.words.map(\.text) == alone.words.map(\.text))
    }

    @Test("so many as are wanted are finished, the better first, whether all are to be kept or the best")
    func best() throws {
        let pipeline = try pipeline()
        func results(_ keep: BeginningSettings.Keep) throws -> GenerationResult {
            try pipeline.generate(
                [request(.i2a)],
                settings(.i2a, .search) {
                    few(&$0)
                    $0.beginnings.best = 3
                    $0.beginnings.keep = keep
                })[0]
        }
        let (all, best) = (try results(.all), try results(.best))
        #expect(all.others.count == 2 && best.others.count == 2)
        let scores = ([all] + all.others).compactMap(\.choice.score)
        #expect(scores.count == 3 && scores == scores.sorted(by: >))
        #expect(Set(([all] + all.others).map(\.choice.particle)).count == 3)
        #expect(all.audio?.waveform == best.audio?.waveform)
    }

    @Test("a caption that does not fit is not followed, and one that fits is")
    func trust() throws {
        let binder = try Self.models.binder
        let colours = ["red", "green", "blue"]
        let list = colours.flatMap { colour in
            ["circle", "square", "triangle", "star"].map { "a \(colour) \($0) bounces" }
        }
        let pipeline = GenerationPipeline(
            audio: try Self.models.audio, video: nil, binder: binder,
            captioner: try LabelCaptioner(labels: list, binder: binder))
        let free = settings(.i2a, .guided, steps: 2) {
            if case .noise(var noise) = $0.gradient { noise.strength = 0; $0.gradient = .noise(noise) }
        }
        let picture = try request(.i2a)
        func made(_ caption: String?) throws -> GenerationResult {
            let own = GenerationRequest(
                caption: caption, negativePrompt: "", condition: picture.condition, seed: picture.seed)
            return try pipeline.generate([own], free)[0]
        }
        let all = try list.map { try ($0, #require(made($0).trust)) }
        let (best, worst) = (try #require(all.max { $0.1 < $1.1 }), try #require(all.min { $0.1 < $1.1 }))
        #expect(best.1 == 1 && worst.1 == 0)
        let none = try made(nil)
        #expect(none.trust == nil)
        #expect(try made(worst.0).audio?.waveform == none.audio?.waveform)
        #expect(try made(best.0).audio?.waveform != none.audio?.waveform)
    }

    @Test("a video and its sound in turn: the video is that of its caption alone, the sound is one for it")
    func inTurn() throws {
        let pipeline = try pipeline()
        let wanted = settings(.joint, .search) {
            few(&$0); $0.beginnings.particles.video = 1
        }
        let result = try pipeline.generate([request(.joint)], wanted)[0]
        let caption = try #require(result.definiteCaption)
        #expect(Self.list.contains(caption))
        var vanilla = wanted
        vanilla.guidance = .off
        let own = GenerationRequest(caption: caption, negativePrompt: "", condition: nil, seed: 7)
        let plain = try pipeline.generate([own], vanilla)[0]
        #expect(result.video?.frames == plain.video?.frames)
        #expect(result.choice.cuts.count == 2 && result.videoChoice?.cuts.isEmpty == true)
    }

    @Test("the progress of a run in turn goes from its beginning to its end once")
    func progress() throws {
        final class Watch: SamplerObserver {
            var seen: [(Int, Int)] = []
            func willBegin(step: Int, of steps: Int) throws { seen.append((step, steps)) }
        }
        let watch = Watch()
        _ = try pipeline().generate([request(.joint)], settings(.joint, .search, few), observer: watch)
        #expect(watch.seen.map(\.0) == Array(0..<8) && watch.seen.allSatisfy { $0.1 == 8 })
    }
}
