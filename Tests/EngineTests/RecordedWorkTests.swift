import ClipSampling
import Goldens
import Method
import Parity
import TestSupport
import Testing
import Torch

@testable import Engine

/// What a recorder changes, as far as it shows without a GPU: on the host, recorded work is copied into its place and done.
@Suite struct RecordedWorkTests {
    private static let settings = {
        var sampling = Preset.paper.settings(for: .v2a).sampling
        sampling.steps = 4
        return GenerationSettings(
            sampling: sampling,
            guidance: .aligner(
                AlignerSettings(learningRates: [.audio: 5], optimizer: .sgd, window: .start(0.2), pairing: .paper)),
            clips: .imageBind, memory: .auto, extent: SampleExtent(duration: 1, frames: nil))
    }()

    private func request(_ seed: UInt64, caption: String?) throws -> GenerationRequest {
        var random = SplitMix64(seed: seed)
        let frames = try (0..<2).map { _ in
            try #require(Image(width: 32, height: 24, pixels: random.bytes(32 * 24 * 3)))
        }
        return GenerationRequest(caption: caption, negativePrompt: "", condition: .clips([frames]), seed: seed)
    }

    private func pipeline(_ recorder: WorkRecorder?) throws -> GenerationPipeline {
        GenerationPipeline(
            audio: try Reference.models.audio, video: nil, binder: try Reference.models.binder, recorder: recorder)
    }

    @Test("what a pipeline records serves later calls with other seeds, captions and conditions, and changes no bit")
    func pipelineWithRecorder() throws {
        let recorded = try pipeline(WorkRecorder())
        let plain = try pipeline(nil)
        let calls: [[GenerationRequest]] = [
            [try request(1, caption: "rain"), try request(2, caption: nil)],
            [try request(3, caption: "a dog"), try request(4, caption: "a train")],
            [try request(5, caption: nil), try request(6, caption: "a bell")],
            [try request(7, caption: "rain")],
        ]
        for requests in calls {
            let (ours, theirs) = (
                try recorded.generate(requests, Self.settings), try plain.generate(requests, Self.settings)
            )
            for (a, b) in zip(ours, theirs) {
                #expect(a.losses == b.losses && a.losses.count == 3)
                #expect(a.audio?.latent.bytes == b.audio?.latent.bytes)
                #expect(a.audio?.waveform == b.audio?.waveform)
            }
        }
    }

    @Test("inputs of other shapes, types or number are refused, and nothing of them is done")
    func otherInputs() throws {
        let work = try RecordedWork([Tensor([1, 2] as [Float], shape: [2])]) { [try $0[0] * 2] }
        #expect(try work([Tensor([3, 4] as [Float], shape: [2])])[0].floats() == [6, 8])
        for inputs in [
            [try Tensor([1] as [Float], shape: [1])], [try Tensor([1, 2] as [Double], shape: [2])], [],
        ] {
            #expect(throws: TorchError.self) { try work(inputs) }
        }
    }

    @Test("a known gradient goes back row by row")
    func knownGradient() throws {
        let a = try randn(1, [2, 3], dtype: .float64).leaf()
        let b = try randn(2, [2, 1, 2], dtype: .float64).leaf()
        let (ga, gb) = (try randn(3, [2, 3], dtype: .float64), try randn(4, [2, 1, 2], dtype: .float64))
        let value = try Autograd.value(Tensor([1, 2] as [Double], shape: [2]), of: [a, b], gradients: [ga, gb])
        let weights = try Tensor([3, -1] as [Double], shape: [2])
        let gradients = try Autograd.gradients(of: (value * weights).sum(), [a, b])
        #expect(try (gradients[0] - ga * weights.reshape([2, 1])).maxAbs() == 0)
        #expect(try (gradients[1] - gb * weights.reshape([2, 1, 1])).maxAbs() == 0)
        #expect(throws: TorchError.self) { try Autograd.value(a, of: [a], gradients: [b]) }
    }
}
