import Checkpoint
import Foundation
import Goldens
import Method
import Networks
import Parity
import TestSupport
import Testing
import Torch

@testable import Engine

/// The aligner's gradients against central differences of the loss itself, in double precision: through decoder, vocoder,
/// filterbank and binder for the latent, or through decoder, resizing and binder; and from the prompt embedding through the
/// denoiser as well.
@Suite struct FiniteDifferenceTests {
    private static let models = ParityModels(Reference.folder, dtype: .float64)

    /// One stream at its first guided step.
    private struct Point {
        let stream: DiffusionStream
        let pairing: AlignerSettings.X0Pairing
        let terms: [AlignmentTerm]
        let conditions: [Modality: Tensor]
        /// `z_t` and `y`.
        let start: Tensor
        let prompt: Tensor

        /// The gradients that the aligner takes at step 1, the stepped latent, and its loss.
        func gradients() throws -> (z: Tensor, y: Tensor, stepped: Tensor, loss: Double) {
            let recorder = AlignerTests.Recorder()
            let options = AlignerSettings(
                learningRates: [stream.name: 1], promptLearningRates: [stream.name: 1],
                optimizer: .sgd, promptOptimizer: .sgd, window: .start(0),
                pairing: pairing)
            recorder.start = (1, start)
            let outcome = try Alignment(guidance: options, terms: terms, conditions: conditions)
                .denoise([stream], latents: [start], prompts: [prompt], observer: recorder)
            func recorded(_ what: String) throws -> Tensor {
                try #require(recorder.tensors["001.\(stream.name).\(what)"])
            }
            return (try recorded("grad_z"), try recorded("grad_y"), try recorded("z_prev"), outcome.losses[0][0])
        }

        /// The loss at a stepped latent and a prompt, written out.
        func loss(_ z: Tensor, _ y: Tensor) throws -> Double {
            let scheduler = stream.scheduler
            let output = try stream.denoiser.predict([start], timestep: scheduler.timesteps[1], prompt: y)[0]
            let noise = try scheduler.noise(from: output, latent: start, step: 1)
            let level = pairing == .official ? scheduler.level(at: 1) : scheduler.level(after: 1)
            let clean = try (z - noise * level.noise) * (1 / level.signal)
            let made = try stream.spaces[0].embed(clean, observer: nil).doubles()
            return try terms.reduce(0) { sum, term in
                let other = term.first == stream.name ? term.second : term.first
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
        var pairing = AlignerSettings.X0Pairing.official
        var choice = SamplerSettings()
        var prediction = PredictionType.epsilon
        var memory = MemoryPolicy.high
        /// Of a video; nil for an image, and of no meaning for audio.
        var frames: Int?
        var testDescription: String {
            "\(pairing), \(choice.scheduler.rawValue), \(prediction), memory \(memory.rawValue)"
        }
    }

    @Test(
        "the gradient of an audio latent is the slope of its loss",
        arguments: [
            Case(), Case(pairing: .paper),
            Case(pairing: .paper, choice: SamplerSettings(.dpmSolver), prediction: .velocity),
            Case(choice: SamplerSettings(.euler), prediction: .sample, memory: .low),
        ])
    func audio(_ item: Case) throws {
        let models = try Self.models.audio
        let binder = try Self.models.binder.network
        func drawn(_ seed: UInt64, _ shape: [Int]) throws -> Tensor { try randn(seed, shape, dtype: .float64) }
        let width = models.textEncoder.configuration.projectionDim
        let stream = DiffusionStream(
            denoiser: try AudioDenoiser(
                models, unconditional: try drawn(9, [1, width]).normalized(), scale: 2.5, memory: item.memory),
            scheduler: try Self.scheduler(item, scheduleOf: "audioldm"),
            spaces: [
                try AudioLatentSpace(
                    models, binder: binder, clipSettings: .imageBind, clips: 1, memory: item.memory)
            ])
        let embedding = [1, binder.configuration.outEmbedDim]
        try compare(
            Point(
                stream: stream, pairing: item.pairing,
                terms: [AlignmentTerm(.caption, .audio), AlignmentTerm(.video, .audio)],
                conditions: [.caption: drawn(3, embedding), .video: drawn(4, embedding)],
                start: drawn(1, [1] + models.latentShape(duration: 1)), prompt: drawn(2, [1, width]).normalized()))
    }

    @Test(
        "the gradient of a video latent is the slope of its loss",
        arguments: [
            Case(frames: 4), Case(pairing: .paper, choice: SamplerSettings(.dpmSolver), memory: .low, frames: 4),
            Case(choice: SamplerSettings(.euler), prediction: .velocity),
        ])
    func frames(_ item: Case) throws {
        let models = try Self.models.video
        let binder = try Self.models.binder.network
        func drawn(_ seed: UInt64, _ shape: [Int]) throws -> Tensor { try randn(seed, shape, dtype: .float64) }
        let stream = DiffusionStream(
            denoiser: try VideoDenoiser(
                models, unconditional: try models.embed([""]).to(.float64), scale: 7.5, memory: item.memory),
            scheduler: try Self.scheduler(item, scheduleOf: "sd15"),
            spaces: [
                try VideoLatentSpace(
                    models, binder: binder, clipFrames: item.frames == nil ? nil : [[0, 1], [1, 3]],
                    frames: item.frames ?? 1, height: 64,
                    width: 64, memory: item.memory)
            ])
        let embedding = [1, binder.configuration.outEmbedDim]
        try compare(
            Point(
                stream: stream, pairing: item.pairing,
                terms: [AlignmentTerm(.video, .caption), AlignmentTerm(.video, .audio)],
                conditions: [.caption: drawn(3, embedding), .audio: drawn(4, embedding)],
                start: drawn(1, [1] + models.latentShape(frames: item.frames, height: 64, width: 64)),
                prompt: models.embed(["a dog barking in the rain"]).to(.float64)))
    }

    /// Of a folder of the random models, as if its network predicted something else.
    private static func scheduler(_ item: Case, scheduleOf folder: String) throws -> any OnePredictionScheduler {
        let file = Reference.folder.appending(path: "\(folder)/scheduler/scheduler_config.json")
        var json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        json["prediction_type"] = item.prediction.rawValue
        let configuration = try JSONDecoder().decode(
            SchedulerConfiguration.self, from: JSONSerialization.data(withJSONObject: json))
        return try item.choice.scheduler(configuration, steps: 3)
    }
}
