import Checkpoint
import ClipSampling
import Foundation
import Method
import Networks
import Testing
import Torch

@testable import Engine

/// Every stage against the Python reference on the same weights and the same noise, with each step begun from the
/// reference's own latent (teacher forcing), so that one step's rounding does not become the next one's difference.
///
/// Tolerances, as relative rms: 2e-5 for what is computed forward and 5e-3 for gradients, against a floor of single
/// precision of up to 9e-6 and 2e-3 (fp32 against fp64, measured on the reference itself). With a second update in one
/// step both start from a latent that Adam has moved by ±λ by the sign of gradients near zero: floors 2.3e-4 and 7e-3.
@Suite struct ParityTests {
    static let models = Result {
        try AudioLDMModels(
            ModelFolder(HuggingFaceCache().resolve(GoldenTrace.models.appending(path: "audioldm").path)),
            dtype: .float32,
            device: .cpu)
    }
    static let binder = Result {
        try BinderModel(
            ImageBindFiles(HuggingFaceCache().resolve(GoldenTrace.models.appending(path: "imagebind").path)),
            dtype: .float32, device: .cpu)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var steps = 5
        var guidance: AlignerSettings?
        var caption = true
        var testDescription: String { name }
        var usesAdam: Bool { guidance?.optimizer == .adam }
    }

    static let official = AlignerSettings(learningRates: [.audio: 0.1])
    static let paper = AlignerSettings(
        learningRates: [.audio: 2], optimizer: .sgd, window: .below(500), pairing: .paper)

    static let cases: [Case] = [
        Case(name: "v2a_official", guidance: official),
        Case(name: "v2a_paper", guidance: paper),
        Case(name: "v2a_vanilla", steps: 4, guidance: nil),
        Case(name: "i2a_official", steps: 3, guidance: with(official) { $0.window = .start(0.5) }),
        Case(
            name: "i2a_nocaption", steps: 3, guidance: with(paper) { $0.window = .below(300) }, caption: false),
        Case(
            name: "v2a_tune", steps: 3,
            guidance: with(official) {
                $0.window = .start(0.5)
                $0.promptLearningRates = [.audio: 0.01]
            }),
        Case(
            name: "i2a_tune_twice", steps: 3,
            guidance: with(paper) {
                $0.window = .below(300)
                $0.promptLearningRates = [.audio: 1]
                $0.promptOptimizer = .sgd
                $0.innerSteps = 2
            }),
    ]

    static func with(_ options: AlignerSettings, _ change: (inout AlignerSettings) -> Void) -> AlignerSettings {
        var options = options
        change(&options)
        return options
    }

    @Test("every stage of the audio descent agrees with the reference's trace", arguments: cases)
    func everyStage(_ item: Case) throws {
        let golden = try GoldenTrace(item.name)
        let binder = try Self.binder.get().network
        var conditions: [Modality: Tensor] = [:]
        conditions[.video] = try Self.videoCondition(golden)
        #expect(try golden.relativeDifference("cond.vision", conditions[.video]!) < 2e-5)
        if item.caption {
            conditions[.caption] = try binder.text(golden.tensor("cond.text_ids"))
            #expect(try golden.relativeDifference("cond.text", conditions[.caption]!) < 2e-5)
        }
        let (prompt, negative) = try Self.promptEmbeddings(golden)
        #expect(try golden.relativeDifference("audio.text_embeds", prompt) < 2e-5)
        #expect(try golden.relativeDifference("audio.neg_embeds", negative) < 2e-5)

        let comparison = Comparison(golden, adam: item.usesAdam)
        let outcome = try Self.run(item, golden, conditions, prompt, negative, comparison)
        let guided = item.guidance == nil ? 0 : golden.scalars.keys.count { $0.hasSuffix(".loss") }
        #expect(outcome.losses[0].count == guided)
        #expect(comparison.seen.count >= 4 * item.steps)
        for (name, difference) in comparison.seen.sorted(by: { $0.key < $1.key }) {
            #expect(difference <= Self.tolerance(name), "\(name): \(difference)")
        }
        let losses = golden.scalars.filter { $0.key.hasSuffix(".loss") }.sorted { $0.key < $1.key }.map(\.value)
        for (ours, theirs) in zip(outcome.losses[0], Self.inOrder(losses, golden)) {
            #expect(abs(ours - theirs) < 2e-5 * max(1, abs(theirs)))
        }
    }

    /// Plain descent without forcing: nothing is discontinuous, so whole runs stay together.
    @Test func freeRunningDescentEndsAtTheSameWaveform() throws {
        let golden = try GoldenTrace("v2a_free")
        let item = Case(
            name: "v2a_free", steps: 8,
            guidance: AlignerSettings(
                learningRates: [.audio: 5], optimizer: .sgd, window: .start(0.2), pairing: .paper))
        let binder = try Self.binder.get().network
        let conditions: [Modality: Tensor] = [
            .video: try Self.videoCondition(golden), .caption: try binder.text(golden.tensor("cond.text_ids")),
        ]
        let (prompt, negative) = try Self.promptEmbeddings(golden)
        let outcome = try Self.run(item, golden, conditions, prompt, negative, nil)
        let wave = try Self.stream(item, negative).spaces[0].decode(outcome.latents[0], observer: nil)
        #expect(try golden.relativeDifference("final.audio.wave", wave.narrow(1, from: 0, count: 32_000)) < 1e-3)
    }

    /// From caption, frames and seed alone: tokens, noise and everything after them.
    @Test func thePipelineMakesTheReferencesWaveform() throws {
        let golden = try GoldenTrace("v2a_free")
        let pipeline = GenerationPipeline(audio: try Self.models.get(), video: nil, binder: try Self.binder.get())
        let frames = try golden.tensor("input.frames")
        let clips = try [[0, 7], [8, 15]].map {
            try $0.map { try Self.image(frames.narrow(0, from: $0, count: 1).squeeze(0)) }
        }
        let request = GenerationRequest(
            caption: "a dog barking in the rain", negativePrompt: "", condition: .clips(clips), seed: 100)
        var sampling = Preset.paper.settings(for: .v2a).sampling
        sampling.steps = 8
        let settings = GenerationSettings(
            sampling: sampling,
            guidance: .aligner(
                AlignerSettings(learningRates: [.audio: 5], optimizer: .sgd, window: .start(0.2), pairing: .paper)),
            clips: .imageBind, memory: .auto, extent: SampleExtent(duration: 2, frames: nil))
        let result = try #require(pipeline.generate([request], settings).first)
        #expect(result.isFinite && result.video == nil)
        #expect(result.losses.count == 6)
        let audio = try #require(result.audio)
        #expect(audio.waveform.count == 32_000)
        let wave = try Tensor(audio.waveform, shape: [1, audio.waveform.count])
        #expect(try golden.relativeDifference("final.audio.wave", wave) < 1e-3)
    }

    /// Three samples at once: each agrees with the reference's run of it alone.
    @Test(arguments: [
        (traces: "batch", guidance: with(official) { $0.window = .start(0.5) }),
        (traces: "batch_paper", guidance: with(paper) { $0.window = .below(300) }),
        (traces: "batch", guidance: nil as AlignerSettings?),
    ]) func aBatchOfThreeIsThreeRuns(_ item: (traces: String, guidance: AlignerSettings?)) throws {
        let goldens = try (0..<3).map { try GoldenTrace("\(item.traces)_\($0)") }
        let binder = try Self.binder.get().network
        let conditions: [Modality: Tensor] = [
            .video: try Tensor.cat(goldens.map { try Self.videoCondition($0) }, 0),
            .caption: try binder.text(Tensor.cat(goldens.map { try $0.tensor("cond.text_ids") }, 0)),
        ]
        let prompts = try goldens.map { try Self.promptEmbeddings($0) }
        let (prompt, negative) = (try Tensor.cat(prompts.map(\.0), 0), try Tensor.cat(prompts.map(\.1), 0))
        let settings = Case(name: item.traces, steps: 3, guidance: item.guidance)
        let comparisons = goldens.map { Comparison($0, adam: settings.usesAdam) }
        let aligner = Alignment(
            guidance: item.guidance, terms: [AlignmentTerm(.caption, .audio), AlignmentTerm(.video, .audio)],
            conditions: conditions)
        let noise = try Tensor.cat(goldens.map { try $0.tensor("audio.noise") }, 0)
        _ = try aligner.denoise(
            [Self.stream(settings, negative)], latents: [noise], prompts: [prompt],
            observer: BatchComparison(comparisons))
        for comparison in comparisons {
            #expect(comparison.seen.keys.contains("002.audio.grad_z") == (item.guidance != nil))
            // The traces' last step is guided: without guidance it ends elsewhere.
            for (name, difference) in comparison.seen where item.guidance != nil || name != "002.audio.z_out" {
                #expect(difference <= Self.tolerance(name), "\(name): \(difference)")
            }
        }
    }

    // MARK: - Parts

    static func tolerance(_ name: String) -> Double {
        if name.hasSuffix("grad_y") { return 2e-2 }
        if name.hasSuffix("grad_z") { return 5e-3 }
        if name.hasSuffix("z_out") { return 2e-3 }
        return 2e-5
    }

    /// Sorting by key puts `004.1.loss` before `004.loss`; a run makes them the other way round.
    static func inOrder(_ losses: [Double], _ golden: GoldenTrace) -> [Double] {
        golden.scalars.keys.filter { $0.hasSuffix(".loss") }
            .sorted { ($0.prefix(3), $0.count) < ($1.prefix(3), $1.count) }.compactMap { golden.scalars[$0] }
    }

    static func videoCondition(_ golden: GoldenTrace) throws -> Tensor {
        let binder = try Self.binder.get().network
        if golden.holds("input.image") {
            let input = try ImageBindVisionInput.image(image(golden.tensor("input.image")))
            if golden.holds("cond.vision_in") {
                #expect(try golden.relativeDifference("cond.vision_in", input) < 1e-6)
            }
            return try binder.vision(input)
        }
        let frames = try golden.tensor("input.frames")
        // Two clips of one second at 8 frames a second: their first and last frames.
        let clips = try [[0, 7], [8, 15]].map {
            try $0.map { try image(frames.narrow(0, from: $0, count: 1).squeeze(0)) }
        }
        let input = try ImageBindVisionInput.clips(clips)
        if golden.holds("cond.vision_in") {
            #expect(try golden.relativeDifference("cond.vision_in", input) < 2e-6)
        }
        return try binder.vision(input)
    }

    static func image(_ tensor: Tensor) throws -> Image {
        try #require(Image(width: tensor.size(1), height: tensor.size(0), pixels: tensor.contiguous().bytes()))
    }

    static func promptEmbeddings(_ golden: GoldenTrace) throws -> (Tensor, Tensor) {
        let encoder = try models.get().textEncoder
        let ids = try golden.tensor("audio.ids")
        let negativeIDs = try golden.tensor("audio.neg_ids")
        func mask(_ ids: Tensor) throws -> Tensor {
            try Tensor(ids.integers().map { $0 == 1 ? Float(0) : 1 }, shape: ids.shape)
        }
        return (
            try encoder(ids: ids, mask: mask(ids)).normalized(),
            try encoder(ids: negativeIDs, mask: mask(negativeIDs)).normalized()
        )
    }

    static func stream(_ item: Case, _ negative: Tensor, memory: MemoryPolicy = .auto) throws -> DiffusionStream {
        let models = try Self.models.get()
        return DiffusionStream(
            denoiser: try AudioDenoiser(models, unconditional: negative, scale: 2.5, memory: memory),
            scheduler: try SamplerSettings().scheduler(models.schedule, steps: item.steps),
            spaces: [
                try AudioLatentSpace(
                    models, binder: binder.get().network, clipSettings: .imageBind, clips: 2, memory: memory)
            ])
    }

    static func run(
        _ item: Case, _ golden: GoldenTrace, _ conditions: [Modality: Tensor], _ prompt: Tensor, _ negative: Tensor,
        _ observer: (any SamplerObserver)?
    ) throws -> Alignment.Outcome {
        let aligner = Alignment(
            guidance: item.guidance, terms: [AlignmentTerm(.caption, .audio), AlignmentTerm(.video, .audio)],
            conditions: conditions)
        return try aligner.denoise(
            [stream(item, negative)], latents: [golden.tensor("audio.noise")], prompts: [prompt],
            observer: observer)
    }
}

/// Compares every intermediate that the golden trace has, and begins each step from the trace's latent.
final class Comparison: SamplerObserver {
    private let golden: GoldenTrace
    private let adam: Bool
    var seen: [String: Double] = [:]

    /// - Parameter adam: whether latents move by a fresh Adam, whose first step is one of signs.
    init(_ golden: GoldenTrace, adam: Bool = false) {
        self.golden = golden
        self.adam = adam
    }

    func record(_ name: String, _ tensor: Tensor) {
        let name = GoldenTrace.referenceName(name)
        guard golden.holds(name) else { return }
        do {
            let gradient = name.replacing("z_out", with: "grad_z")
            let isBySign = adam && name.hasSuffix("z_out") && golden.holds(gradient)
            seen[name] = try golden.relativeDifference(name, tensor, bySignOf: isBySign ? gradient : nil)
        } catch {
            Issue.record(error, "\(name)")
        }
    }

    func override(step: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?) {
        func tensor(_ what: String) -> Tensor? {
            try? golden.tensor(GoldenTrace.referenceName(String(format: "%03d.", step) + "\(modality).\(what)"))
        }
        return (tensor("z_in"), tensor("y_in"))
    }
}

/// Takes a batch apart for the comparison of its samples.
final class BatchComparison: SamplerObserver {
    private let parts: [Comparison]

    init(_ parts: [Comparison]) { self.parts = parts }

    func record(_ name: String, _ tensor: Tensor) {
        for (index, part) in parts.enumerated() {
            guard let sample = try? tensor.narrow(0, from: index, count: 1) else { continue }
            part.record(name, sample)
        }
    }

    func override(step: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?) {
        let forced = parts.map { $0.override(step: step, modality: modality) }
        return (
            try? Tensor.cat(forced.compactMap(\.latent), 0), try? Tensor.cat(forced.compactMap(\.prompt), 0)
        )
    }
}
