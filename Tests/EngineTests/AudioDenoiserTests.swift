import Goldens
import Method
import Networks
import Parity
import TestSupport
import Testing
import Torch

@testable import Engine

/// AudioLDM's part in a run, on the small random models.
@Suite struct AudioDenoiserTests {
    private func denoiser(scale: Double, batch: Int = 1) throws -> AudioDenoiser {
        try AudioDenoiser(
            Reference.models.audio, unconditional: try randn(9, [1, 20]).normalized().expand([batch, -1]),
            scale: scale, memory: .auto)
    }

    private func stream(scale: Double, batch: Int = 1, generators: [Generator] = []) throws -> DiffusionStream {
        let models = try Reference.models.audio
        return DiffusionStream(
            denoiser: try denoiser(scale: scale, batch: batch),
            scheduler: try DDIMScheduler(models.schedule, steps: 4),
            spaces: [
                try AudioLatentSpace(
                    models, binder: Reference.models.binder.network, clipSettings: .imageBind, clips: 1, memory: .auto)
            ],
            generators: generators)
    }

    @Test("classifier-free guidance scales the difference, and computes one half alone up to a scale of 1")
    func classifierFreeGuidance() throws {
        let unet = try Reference.models.audio.unet
        let (z, y) = (try randn(1, [1, 8, 13, 16]), try randn(2, [1, 20]).normalized())
        let conditional = try unet(z, timestep: 501, classLabels: y)
        let unconditional = try unet(z, timestep: 501, classLabels: randn(9, [1, 20]).normalized())
        // Without guidance the other half is not computed at all.
        for scale in [1.0, 0.5, 0, -3] {
            let noise = try denoiser(scale: scale).predict([z], timestep: 501, prompt: y)[0]
            #expect(try noise.floats() == conditional.floats())
        }
        let expected = try unconditional + (conditional - unconditional) * 2.5
        let together = try denoiser(scale: 2.5).predict([z], timestep: 501, prompt: y)[0]
        #expect(try (together - expected).maxAbs() < 1e-5 * expected.maxAbs())
        #expect(!together.requiresGrad)
        // Under prompt tuning only the conditional half is recorded; the value stays.
        let leaf = try y.leaf()
        let apart = try denoiser(scale: 2.5).predict([z], timestep: 501, prompt: leaf)[0]
        #expect(try apart.requiresGrad && (apart.detached() - together).maxAbs() < 1e-5 * expected.maxAbs())
        let guided = try Autograd.gradients(of: apart.sum(), [leaf])[0]
        let alone = try Autograd.gradients(of: unet(z, timestep: 501, classLabels: leaf).sum(), [leaf])[0]
        #expect(try (guided - alone * 2.5).maxAbs() < 1e-4 * guided.maxAbs())
    }

    @Test func withoutAPromptNothingIsPredicted() throws {
        #expect(throws: TorchError.self) {
            try denoiser(scale: 1).predict([randn(1, [1, 8, 13, 16])], timestep: 501, prompt: nil)
        }
    }

    @Test func freshNoiseIsOfEachSample() throws {
        let stream = try stream(scale: 1, batch: 2, generators: [Generator(seed: 5), Generator(seed: 6)])
        let z = try Tensor.zeros([2, 8, 3, 16])
        let first = try stream.freshNoise(like: z)
        #expect(try first.narrow(0, from: 1, count: 1).floats() == randn(6, [1, 8, 3, 16]).floats())
        #expect(try stream.freshNoise(like: z).floats() != first.floats())
    }

    @Test("the latent's shape follows from the duration and is never empty")
    func latentShapes() throws {
        let models = try Reference.models.audio
        // 0.04 s are four spectrogram frames, one of the latent.
        for (seconds, frames) in [(10.0, 250), (8, 200), (2.5, 63), (0.05, 2), (0.04, 1), (0.001, 1), (0, 1)] {
            #expect(models.latentShape(duration: seconds) == [8, frames, 16], "\(seconds) s")
        }
    }

    /// The real networks, two guided steps of plain descent: a batch of two against its samples alone.
    @Test func aSampleDoesNotDependOnItsNeighbours() throws {
        let (z, y) = (try randn(1, [2, 8, 25, 16]), try randn(2, [2, 20]).normalized())
        let condition = try randn(3, [2, Reference.models.binder.network.configuration.outEmbedDim])
        let options = AlignerSettings(
            learningRates: [.audio: 5], optimizer: .sgd, window: .start(0.26), pairing: .paper)
        func run(_ rows: Range<Int>) throws -> (Tensor, [[Double]], AlignerTests.Recorder) {
            func part(_ t: Tensor) throws -> Tensor { try t.narrow(0, from: rows.lowerBound, count: rows.count) }
            let recorder = AlignerTests.Recorder()
            let outcome = try Alignment(
                guidance: options, terms: [AlignmentTerm(.video, .audio)], conditions: [.video: part(condition)]
            ).denoise(
                [stream(scale: 2.5, batch: rows.count)], latents: [part(z)], prompts: [part(y)], observer: recorder)
            return (outcome.latents[0], outcome.losses, recorder)
        }
        let (both, losses, recorded) = try run(0..<2)
        for sample in 0..<2 {
            let (alone, own, recorder) = try run(sample..<sample + 1)
            let part = try both.narrow(0, from: sample, count: 1)
            #expect(try (part - alone).maxAbs() < 1e-3 * alone.maxAbs())
            for (a, b) in zip(losses[sample], own[0]) { #expect(abs(a - b) < 1e-4) }
            let gradients = recorder.tensors.filter { $0.key.hasSuffix("grad_z") }
            #expect(gradients.count == 2)
            for (name, gradient) in gradients {
                let part = try #require(recorded.tensors[name]).narrow(0, from: sample, count: 1)
                let difference = try (part - gradient).square().sum().item() / gradient.square().sum().item()
                #expect(difference.squareRoot() < 5e-3, "\(name)")
            }
        }
    }
}
