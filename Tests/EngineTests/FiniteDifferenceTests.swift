import Checkpoint
import Foundation
import Testing
import Torch

@testable import Engine

/// The aligner's gradients against central differences of the loss itself, in double precision: through decoder, vocoder,
/// filterbank and binder for the latent, or through decoder, resizing and binder; and from the prompt embedding through the
/// denoiser as well.
@Suite struct FiniteDifferenceTests {
    static let audioModels = Result {
        try AudioModels(
            ModelFolder(HuggingFaceCache().resolve(GoldenTrace.models.appending(path: "audioldm").path)),
            dtype: .float64, device: .cpu)
    }
    static let pictureModels = Result {
        let cache = HuggingFaceCache()
        return try PictureModels(
            ModelFolder(cache.resolve(GoldenTrace.models.appending(path: "sd15").path)),
            motion: MotionAdapterFiles(cache.resolve(GoldenTrace.models.appending(path: "motion_adapter").path)),
            dtype: .float64, device: .cpu)
    }
    static let binder = Result {
        try BinderModel(
            ImageBindFiles(HuggingFaceCache().resolve(GoldenTrace.models.appending(path: "imagebind").path)),
            dtype: .float64, device: .cpu)
    }

    /// One stream at its first guided step.
    private struct Point {
        let stream: any LatentStream
        let pairing: GuidanceOptions.CleanPairing
        let terms: [AlignmentTerm]
        let conditions: [Modality: Tensor]
        /// `z_t` and `y`.
        let start: Tensor
        let prompt: Tensor

        /// The gradients that the aligner takes at step 1, the stepped latent, and its loss.
        func gradients() throws -> (z: Tensor, y: Tensor, stepped: Tensor, loss: Double) {
            let recorder = AlignerTests.Recorder()
            let options = GuidanceOptions(
                learningRates: [stream.modality: 1], promptLearningRates: [stream.modality: 1],
                optimizer: .gradientDescent, promptOptimizer: .gradientDescent, window: .afterFraction(0),
                pairing: pairing)
            recorder.start = (1, start)
            let outcome = try Aligner(guidance: options, terms: terms, conditions: conditions)
                .denoise([stream], latents: [start], prompts: [prompt], observer: recorder)
            func recorded(_ what: String) throws -> Tensor {
                try #require(recorder.tensors["001.\(stream.modality).\(what)"])
            }
            return (try recorded("grad_z"), try recorded("grad_y"), try recorded("z_prev"), outcome.losses[0][0])
        }

        /// The loss at a stepped latent and a prompt, written out.
        func loss(_ z: Tensor, _ y: Tensor) throws -> Double {
            let scheduler = stream.scheduler
            let output = try stream.predictOutput(start, step: 1, prompt: y)
            let noise = try scheduler.noise(from: output, latent: start, step: 1)
            let level = pairing == .official ? scheduler.level(at: 1) : scheduler.level(after: 1)
            let clean = try (z - noise * level.noise) * (1 / level.signal)
            let made = try stream.embedding(ofClean: clean, observer: nil).doubles()
            return try terms.reduce(0) { sum, term in
                let other = term.first == stream.modality ? term.second : term.first
                let wanted = try #require(conditions[other]).doubles()
                func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
                return sum + 1 - dot(made, wanted) / (dot(made, made) * dot(wanted, wanted)).squareRoot()
            }
        }
    }

    /// Compares along the gradient itself and along drawn directions: errors as a part of the gradient's length.
    ///
    /// Leaky ReLU and the filterbank's floor have kinks, and a difference that steps over one is off by up to 1e-5 at a
    /// width of 1e-6; rounding gives 3e-7 at 1e-7. So the width shrinks until no kink is in between: 5e-8 was found where
    /// there was none from the start.
    private func compare(_ point: Point) throws {
        let tolerance = 1e-6
        let found = try point.gradients()
        #expect(try abs(point.loss(found.stepped, point.prompt) - found.loss) < 1e-12)
        for (name, gradient, at) in [("z", found.z, found.stepped), ("y", found.y, point.prompt)] {
            let steepest = try gradient.square().sum().item().squareRoot()
            #expect(steepest > 1e-4, "\(name)")
            for seed in 0..<3 as Range<UInt64> {
                let drawn = try seed == 0 ? gradient : randn(70 + seed, at.shape, dtype: .float64)
                let direction = try drawn * (1 / drawn.square().sum().item().squareRoot())
                func loss(_ distance: Double) throws -> Double {
                    let moved = try at.adding(direction, scaledBy: distance)
                    return try name == "z" ? point.loss(moved, point.prompt) : point.loss(found.stepped, moved)
                }
                let expected = try (gradient * direction).sum().item()
                var error = Double.infinity
                for width in [1e-6, 3e-7, 1e-7] where !(error < tolerance) {
                    let slope = try (loss(width) - loss(-width)) / (2 * width)
                    error = min(error, abs(slope - expected) / steepest)
                }
                #expect(error < tolerance, "\(name), direction \(seed): \(error)")
            }
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var pairing = GuidanceOptions.CleanPairing.official
        var choice = SchedulerChoice()
        var prediction = PredictionType.epsilon
        var memory = MemoryPolicy.high
        /// Of a video; nil for a still picture, and of no meaning for sound.
        var frames: Int?
        var testDescription: String { "\(pairing), \(choice.name), \(prediction), memory \(memory.rawValue)" }
    }

    @Test(arguments: [
        Case(), Case(pairing: .paper),
        Case(pairing: .paper, choice: SchedulerChoice(.dpmSolver), prediction: .velocity),
        Case(choice: SchedulerChoice(.euler), prediction: .sample, memory: .low),
    ])
    func sound(_ item: Case) throws {
        let models = try Self.audioModels.get()
        let binder = try Self.binder.get().network
        func drawn(_ seed: UInt64, _ shape: [Int]) throws -> Tensor { try randn(seed, shape, dtype: .float64) }
        let width = models.textEncoder.configuration.projectionDim
        let stream = AudioStream(
            models: models, binder: binder, binderInput: try BinderAudioInput(BinderClipSettings(), device: .cpu),
            scheduler: try Self.scheduler(item, scheduleOf: "audioldm"),
            unconditional: try drawn(9, [1, width]).normalized(), scale: 2.5, clips: 1,
            memory: item.memory)
        let embedding = [1, binder.configuration.outEmbedDim]
        try compare(
            Point(
                stream: stream, pairing: item.pairing,
                terms: [AlignmentTerm(.text, .audio), AlignmentTerm(.vision, .audio)],
                conditions: [.text: drawn(3, embedding), .vision: drawn(4, embedding)],
                start: drawn(1, [1] + models.latentShape(seconds: 1)), prompt: drawn(2, [1, width]).normalized()))
    }

    @Test(arguments: [
        Case(frames: 4), Case(pairing: .paper, choice: SchedulerChoice(.dpmSolver), memory: .low, frames: 4),
        Case(choice: SchedulerChoice(.euler), prediction: .velocity),
    ])
    func pictures(_ item: Case) throws {
        let models = try Self.pictureModels.get()
        let binder = try Self.binder.get().network
        func drawn(_ seed: UInt64, _ shape: [Int]) throws -> Tensor { try randn(seed, shape, dtype: .float64) }
        let stream = VisionStream(
            models: models, binder: binder, scheduler: try Self.scheduler(item, scheduleOf: "sd15"),
            clipFrames: item.frames == nil ? nil : [[0, 1], [1, 3]],
            unconditional: try models.embed([""]).to(.float64), scale: 7.5, memory: item.memory)
        let embedding = [1, binder.configuration.outEmbedDim]
        try compare(
            Point(
                stream: stream, pairing: item.pairing,
                terms: [AlignmentTerm(.vision, .text), AlignmentTerm(.vision, .audio)],
                conditions: [.text: drawn(3, embedding), .audio: drawn(4, embedding)],
                start: drawn(1, [1] + models.latentShape(frames: item.frames, height: 64, width: 64)),
                prompt: models.embed(["a dog barking in the rain"]).to(.float64)))
    }

    /// Of a folder of the random models, as if its network predicted something else.
    private static func scheduler(_ item: Case, scheduleOf folder: String) throws -> any LatentScheduler {
        let file = GoldenTrace.models.appending(path: "\(folder)/scheduler/scheduler_config.json")
        var json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        json["prediction_type"] = item.prediction.rawValue
        let configuration = try JSONDecoder().decode(
            SchedulerConfiguration.self, from: JSONSerialization.data(withJSONObject: json))
        return try item.choice.scheduler(configuration, steps: 3, eta: 0)
    }
}
