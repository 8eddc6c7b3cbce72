import Checkpoint
import ClipSampling
import Foundation
import Method
import Networks
import Testing
import Torch

@testable import Engine

/// The tasks that make frames, stage by stage, against the Python reference; see ``ParityTests`` for how, and for the
/// tolerances.
@Suite struct VideoParityTests {
    static let models = Result {
        let cache = HuggingFaceCache()
        return try StableDiffusionModels(
            ModelFolder(cache.resolve(GoldenTrace.models.appending(path: "sd15").path)),
            motion: MotionAdapterFiles(cache.resolve(GoldenTrace.models.appending(path: "motion_adapter").path)),
            dtype: .float32, device: .cpu)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var steps = 4
        var guidance: AlignerSettings?
        var prompt = "a dog barking in the rain"
        var negative = ""
        var hasCaption = true
        var memory = MemoryPolicy.auto
        var testDescription: String { "\(name), memory \(memory.rawValue)" }
        var task: Substring { name.prefix { $0 != "_" } }
        /// Frames of the video; nil for an image.
        var frames: Int? { task == "a2i" ? nil : 8 }
    }

    static let official = AlignerSettings(
        learningRates: [.video: 0.01, .audio: 0.1], window: .start(0.25), pairing: .official)
    static let paper = AlignerSettings(
        learningRates: [.video: 20], optimizer: .sgd, window: .start(0.25), pairing: .paper)
    static let tuned = ParityTests.with(official) { $0.promptLearningRates = [.video: 0.01, .audio: 0.01] }

    static let cases: [Case] = [
        Case(name: "a2v_official", guidance: official),
        Case(name: "a2v_official", guidance: official, memory: .high),
        Case(name: "a2v_official", guidance: official, memory: .low),
        Case(name: "a2v_paper", guidance: paper),
        Case(name: "a2v_vanilla", steps: 3),
        Case(name: "a2v_nocaption", guidance: official, prompt: "", hasCaption: false),
        Case(name: "a2v_tune", guidance: ParityTests.with(tuned) { $0.promptState = .persistent }),
        Case(name: "a2v_tune", guidance: ParityTests.with(tuned) { $0.promptState = .persistent }, memory: .high),
        Case(name: "a2v_tune", guidance: ParityTests.with(tuned) { $0.promptState = .persistent }, memory: .low),
        Case(
            name: "a2v_tune_descent",
            guidance: ParityTests.with(paper) {
                $0.promptLearningRates = [.video: 100]
                $0.promptOptimizer = .sgd
            }, negative: "blurry, low quality"),
        Case(name: "a2i_official", guidance: official),
        Case(name: "a2i_tune", guidance: tuned, memory: .low),
        Case(name: "joint_official", guidance: official),
        Case(name: "joint_tune", guidance: tuned),
        Case(name: "joint_tune", guidance: tuned, memory: .low),
        Case(name: "joint_vanilla", steps: 2),
    ]

    @Test("every stage of the video descent agrees with the reference's trace", arguments: cases)
    func everyStage(_ item: Case) throws {
        let golden = try GoldenTrace(item.name)
        let comparison = Comparison(golden)
        let outcome = try Self.run(item, [golden], observer: comparison)
        let guided = item.guidance == nil ? 0 : golden.scalars.keys.count { $0.hasSuffix(".loss") }
        #expect(outcome.losses[0].count == guided)
        #expect(comparison.seen.count >= 4 * item.steps)
        if item.guidance != nil {
            #expect(comparison.seen.keys.contains { $0.hasSuffix("vision.pixels") })
            #expect(comparison.seen.keys.contains { $0.hasSuffix("vision.bind_in") })
        }
        let isTuned = (item.guidance?.promptLearningRate.video ?? 0) > 0
        #expect(comparison.seen.keys.contains { $0.hasSuffix("vision.grad_y") } == isTuned)
        for (name, difference) in comparison.seen.sorted(by: { $0.key < $1.key }) {
            #expect(difference <= ParityTests.tolerance(name), "\(name): \(difference)")
        }
        let losses = ParityTests.inOrder([], golden)
        for (ours, theirs) in zip(outcome.losses[0], losses) {
            #expect(abs(ours - theirs) < 2e-5 * max(1, abs(theirs)))
        }
    }

    /// Two samples at once, with their prompts tuned: each agrees with the reference's run of it alone.
    @Test(arguments: MemoryPolicy.allCases) func aBatchOfTwoIsTwoRuns(_ memory: MemoryPolicy) throws {
        let goldens = try (0..<2).map { try GoldenTrace("batch_a2v_\($0)") }
        let comparisons = goldens.map { Comparison($0) }
        let item = Case(name: "a2v_batch", guidance: Self.tuned, memory: memory)
        _ = try Self.run(
            item, goldens, prompts: ["a dog barking in the rain", "Waves crash; 3 gulls cry!"],
            observer: BatchComparison(comparisons))
        for comparison in comparisons {
            #expect(comparison.seen.keys.contains("003.vision.grad_y"))
            for (name, difference) in comparison.seen {
                #expect(difference <= ParityTests.tolerance(name), "\(name): \(difference)")
            }
        }
    }

    /// From caption, audio and seed alone: tokens, noise and everything after them.
    @Test func thePipelineMakesTheReferencesVideo() throws {
        let golden = try GoldenTrace("a2v_free")
        let pipeline = GenerationPipeline(
            audio: nil, video: try Self.models.get(), binder: try ParityTests.binder.get())
        let request = GenerationRequest(
            caption: "a dog barking in the rain", negativePrompt: "",
            condition: .audio(try GoldenTrace.audio().floats(), clips: 2), seed: 100)
        var sampling = Preset.paper.settings(for: .a2v).sampling
        sampling.steps = 8
        sampling.video?.width = 64
        sampling.video?.height = 64
        sampling.video?.length = VideoLength(frames: 8, fps: 4)
        let settings = GenerationSettings(
            sampling: sampling,
            guidance: .aligner(
                AlignerSettings(learningRates: [.video: 50], optimizer: .sgd, window: .start(0.2), pairing: .paper)),
            clips: .imageBind, memory: .auto, extent: SampleExtent(duration: 2, frames: 8))
        let result = try #require(pipeline.generate([request], settings).first)
        #expect(result.isFinite && result.audio == nil)
        #expect(result.losses.count == 6)
        let video = try #require(result.video)
        #expect(video.frames.count == 8 && video.latent.shape == [4, 8, 8, 8])
        let bytes = try Tensor(video.frames.flatMap(\.pixels), shape: [8, 64, 64, 3])
        // A byte is half of 1/255 away from its number at most, and pixels have a mean of about one half.
        let pixels = try bytes.to(.float32).permute([0, 3, 1, 2]) * (1 / 255)
        #expect(try golden.relativeDifference("final.vision.pixels", pixels) < 3e-3)
    }

    // MARK: - Parts

    /// What the reference reads of 8 frames at 4 frames a second.
    static let clips = ClipTimes.frames(count: 8, rate: 4, clipDuration: 1, clips: 2, perClip: 2)

    /// As AnimateDiff is run with Stable Diffusion 1.5, and as that is run alone.
    static func scheduler(video: Bool) -> SamplerSettings {
        video ? SamplerSettings(betaSchedule: .linear, timestepSpacing: .linspace) : SamplerSettings()
    }

    static func run(
        _ item: Case, _ goldens: [GoldenTrace], prompts: [String]? = nil, observer: any SamplerObserver
    ) throws -> Alignment.Outcome {
        let models = try models.get()
        let binder = try ParityTests.binder.get().network
        func batched(_ one: (GoldenTrace) throws -> Tensor) throws -> Tensor { try Tensor.cat(goldens.map(one), 0) }
        var conditions: [Modality: Tensor] = [:]
        if item.hasCaption { conditions[.caption] = try binder.text(batched { try $0.tensor("cond.text_ids") }) }
        if item.task != "joint" {
            let wave = try GoldenTrace.audio()
            let heard = try ImageBindAudioInput(.imageBind, device: .cpu)(
                wave.reshape([1, 1, wave.count]), clips: 2)
            let embedding = try binder.audio(heard)
            conditions[.audio] = try batched { _ in embedding }
            for golden in goldens {
                #expect(try golden.relativeDifference("cond.audio", embedding) < 2e-5)
                guard golden.holds("cond.audio_in") else { continue }
                #expect(try golden.relativeDifference("cond.audio_in", heard) < 2e-5)
            }
        }
        let texts = prompts ?? [item.prompt]
        let prompt = try models.embed(texts)
        let negative = try models.embed(texts.map { _ in item.negative })
        for (index, golden) in goldens.enumerated() {
            let (ours, theirs) = (try prompt.narrow(0, from: index, count: 1), "vision.text_embeds")
            #expect(try golden.relativeDifference(theirs, ours) < 2e-5)
            let unconditional = try negative.narrow(0, from: index, count: 1)
            #expect(try golden.relativeDifference("vision.neg_embeds", unconditional) < 2e-5)
        }
        let noise = try batched { try $0.tensor("vision.noise") }
        var streams = [
            DiffusionStream(
                denoiser: try VideoDenoiser(models, unconditional: negative, scale: 7.5, memory: item.memory),
                scheduler: try scheduler(video: item.frames != nil).scheduler(models.schedule, steps: item.steps),
                spaces: [
                    try VideoLatentSpace(
                        models, binder: binder, clipFrames: item.frames == nil ? nil : clips,
                        height: 8 * noise.size(-2), width: 8 * noise.size(-1), memory: item.memory)
                ])
        ]
        var latents = [noise]
        var embeddings = [prompt]
        if item.task == "joint" {
            let (prompt, negative) = try ParityTests.promptEmbeddings(goldens[0])
            let audio = ParityTests.Case(name: item.name, steps: item.steps, guidance: item.guidance)
            streams.insert(try ParityTests.stream(audio, negative, memory: item.memory), at: 0)
            latents.insert(try goldens[0].tensor("audio.noise"), at: 0)
            embeddings.insert(prompt, at: 0)
        }
        let aligner = Alignment(
            guidance: item.guidance, terms: AlignmentTerm.terms(generating: streams.map(\.name)), conditions: conditions
        )
        return try aligner.denoise(streams, latents: latents, prompts: embeddings, observer: observer)
    }
}
