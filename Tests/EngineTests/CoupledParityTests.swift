import ClipSampling
import Foundation
import Goldens
import Method
import Networks
import Parity
import TestSupport
import Testing
import Torch

@testable import Engine

/// Runs of MM-Diffusion, plain and with the aligner, against the reference on the same weights, noise and shifts. Each step of a
/// guided run begins with the reference's own latents.
@Suite struct CoupledParityTests {
    static let model = CoupledModelSettings(
        frames: 16, side: 16, fps: 10, samples: 25_600, heads: 4, headChannels: 16, windows: [1, 4])
    static let models = Result {
        try CoupledModels(
            base: RandomModels.folder.appending(path: "mm/landscape.pt").path,
            upscaler: RandomModels.folder.appending(path: "mm/landscape_SR.pt").path, model, dtype: .float32,
            device: .cpu)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let scheduler: CoupledSampling.Scheduler
        let steps: Int
        var seeds: [UInt64] = [7]
        /// nil: a plain run.
        var aligner: AlignerSettings?
        var frames = CoupledSampling.BinderFrames.ends
        /// How far it may be from the reference, by stage, where that is more than 5e-5. Single precision itself is up to 2.6e-5 from
        /// double before the aligner, as far as `grad_z` says behind it (`Tools/goldens/mm.py --floor`), and convolutions by
        /// Winograd's method round three to ten times as much as direct ones.
        var tolerance: [String: Double] = [:]

        var testDescription: String { name }
    }

    private static func aligner(
        _ optimizer: AlignerSettings.Optimizer = .adam, _ rates: (audio: Double, video: Double) = (0.1, 0.01),
        start: Double = 0.2, stop: Double = 1, pairing: AlignerSettings.X0Pairing = .paper, innerSteps: Int = 1,
        scale: AlignerSettings.LearningRateScale = .none
    ) -> AlignerSettings {
        var settings = AlignerSettings(
            learningRates: [.audio: rates.audio, .video: rates.video], optimizer: optimizer, window: .start(start),
            pairing: pairing, innerSteps: innerSteps)
        (settings.stop, settings.learningRateScale) = (stop, scale)
        return settings
    }

    static let cases = [
        Case(name: "ddim", scheduler: .ddim, steps: 3, aligner: aligner(), tolerance: ["grad_z": 4e-4]),
        Case(
            name: "ddim_all", scheduler: .ddim, steps: 2, seeds: [7, 9], aligner: aligner(.sgd, (50, 50), start: 0),
            frames: .all, tolerance: ["grad_z": 1e-4]),
        Case(
            name: "ddim_official", scheduler: .ddim, steps: 3, aligner: aligner(pairing: .official, innerSteps: 2),
            tolerance: ["z_out": 6e-4, "x0": 6e-4, "emb": 2e-4, "grad_z": 6e-3, "audio": 3e-4]),
        Case(
            name: "ddpm", scheduler: .ddpm, steps: 3, aligner: aligner(scale: .sigma), tolerance: ["grad_z": 1e-3]),
        Case(
            name: "dpm_solver", scheduler: .dpmSolver, steps: 8, aligner: aligner(.sgd, (50, 50), start: 0, stop: 0.8),
            tolerance: ["grad_z": 4e-4]),
        Case(
            name: "dpm_solver_plus", scheduler: .dpmSolverPlusPlus, steps: 6,
            tolerance: ["z_prev": 8e-5, "z_out": 8e-5]),
    ]

    private final class Observer: SamplerObserver {
        let goldens: GoldenFile
        var values: [String: Tensor] = [:]

        init(_ goldens: GoldenFile) { self.goldens = goldens }

        func record(_ name: String, _ tensor: Tensor) {
            let name = GoldenTrace.referenceName(name)
            values[name.hasSuffix(".eps") ? name + "_used" : name] = tensor
        }

        func override(step: Int, turn: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?) {
            let name = GoldenTrace.referenceName(String(format: "%03d.", step) + "\(modality).z_in")
            guard step > 0, let latent = try? goldens.tensor(name), latent.rank > 1 else { return (nil, nil) }
            return (latent, nil)
        }
    }

    private static func settings(_ item: Case) -> GenerationSettings {
        var sampling = SamplingSettings(steps: item.steps, eta: 0, karrasSigmas: false, maxDuration: 30)
        sampling.coupled = CoupledSampling(
            scheduler: item.scheduler, model: model, binderFrames: item.frames, upscaleSteps: 2)
        return GenerationSettings(
            sampling: sampling, guidance: item.aligner.map(Guidance.aligner) ?? .off, clips: .imageBind, memory: .auto,
            extent: SampleExtent(duration: model.duration, frames: model.frames))
    }

    @Test("every stage agrees with the reference's", arguments: cases)
    func everyStage(_ item: Case) throws {
        let goldens = try GoldenFile(at: Fixtures.url("mm/\(item.name).safetensors"))
        let settings = Self.settings(item)
        let coupled = try #require(settings.sampling.coupled)
        let input = PartInput(
            rows: Beginning.all(samples: item.seeds.count),
            requests: item.seeds.map { GenerationRequest(caption: nil, negativePrompt: "", condition: nil, seed: $0) },
            prompts: item.seeds.map { _ in "" },
            negative: item.seeds.map { _ in "" }, words: item.seeds.map { _ in nil },
            list: CaptionList(nil, audio: nil))
        let part = try CoupledPart(
            Self.models.get(), Reference.models.binder, coupled, settings, input)
        let observer = Observer(goldens)
        for (modality, noise) in zip(["vision", "audio"], part.noise) { observer.values["\(modality).noise"] = noise }
        let guides = try item.aligner.map {
            [try Aligner($0, terms: [AlignmentTerm(.video, .audio)], conditions: [:]) as any Guide]
        }
        let outcome = try Sampler([part.stream], guides: guides ?? []).run(
            latents: [part.noise], prompts: [nil], observer: observer)
        // A fresh Adam's step is the gradient's sign, which rounding decides where there is hardly any.
        let movesBySign = item.aligner?.optimizer == .adam && item.aligner?.innerSteps == 1
        if !movesBySign {
            (observer.values["final.vision"], observer.values["final.audio"]) = (
                outcome.latents[0][0], outcome.latents[0][1]
            )
        }
        var stages: Set<String> = []
        for (name, value) in observer.values.sorted(by: { $0.key < $1.key }) where goldens.holds(name) {
            let stage = String(name.split(separator: ".").last ?? "")
            stages.insert(stage)
            let limit = item.tolerance[stage] ?? 5e-5
            let gradient = name.replacing("z_out", with: "grad_z")
            let difference =
                movesBySign && stage == "z_out" && goldens.holds(gradient)
                ? try goldens.relativeDifference(name, value, bySignOf: gradient)
                : try goldens.relativeDifference(name, value)
            #expect(difference < limit, "\(name): \(difference)")
        }
        #expect(stages.isSuperset(of: ["noise", "z_in", "eps_used", "z_prev", "z_out"]))
        #expect((item.aligner != nil) == stages.isSuperset(of: ["x0", "emb", "grad_z"]))
        let known = try JSONSerialization.jsonObject(with: Data(contentsOf: Fixtures.url("mm/\(item.name).json")))
        let scalars = try #require(known as? [String: Any])
        let losses = scalars.filter { $0.key.hasSuffix("loss") }.sorted {
            ($0.key.prefix(3), $0.key.count) < ($1.key.prefix(3), $1.key.count)
        }.compactMap { $0.value as? [Double] }
        for (sample, own) in outcome.losses.enumerated() {
            #expect(own.count == losses.count)
            for (ours, theirs) in zip(own, losses) { #expect(abs(ours - theirs[sample]) < 1e-4) }
        }
    }

    @Test(
        "a pipeline makes films with their sounds, enlarged where a model is there for it, the same alone and in a batch"
    )
    func pipeline() throws {
        let item = Case(name: "", scheduler: .ddim, steps: 2, aligner: Self.aligner(scale: .sigma))
        let pipeline = try GenerationPipeline(
            audio: nil, video: nil, coupled: Self.models.get(), binder: Reference.models.binder)
        func request(_ seed: UInt64) -> GenerationRequest {
            GenerationRequest(caption: nil, negativePrompt: "", condition: nil, seed: seed)
        }
        let both = try pipeline.generate([request(3), request(4)], Self.settings(item))
        let alone = try #require(try pipeline.generate([request(4)], Self.settings(item)).first)
        #expect(both.count == 2 && both.allSatisfy { $0.isFinite && $0.losses.count == 1 && $0.choice.score != nil })
        let second = both[1]
        #expect(alone.audio?.waveform.count == 25_600 && alone.video?.frames.count == 16)
        #expect(alone.video?.frames.first?.width == 64 && alone.video?.latent.shape == [16, 3, 16, 16])
        let waves = try zip(#require(second.audio?.waveform), #require(alone.audio?.waveform))
        #expect(waves.allSatisfy { abs($0 - $1) < 1e-3 })
        #expect(second.audio?.waveform != both[0].audio?.waveform)
        let pixels = try zip(#require(second.video?.frames[5].pixels), #require(alone.video?.frames[5].pixels))
        #expect(pixels.allSatisfy { abs(Int($0) - Int($1)) <= 1 })
        var searched = Self.settings(Case(name: "", scheduler: .ddim, steps: 4))
        searched.guidance.beginnings.particles = PerModality(audio: 3, video: 3)
        searched.guidance.beginnings.rounds = [.init(at: 0.25, keep: 2)]
        (searched.guidance.beginnings.best, searched.guidance.beginnings.keep) = (2, .all)
        let found = try #require(try pipeline.generate([request(3)], searched).first)
        #expect(found.choice.cuts.map(\.scores.count) == [3] && found.others.count == 1)
        #expect(try #require(found.choice.score) >= #require(found.others[0].choice.score))
        #expect(throws: PipelineError.self) {
            try GenerationPipeline(audio: nil, video: nil, binder: Reference.models.binder)
                .generate([request(3)], Self.settings(item))
        }
    }
}
