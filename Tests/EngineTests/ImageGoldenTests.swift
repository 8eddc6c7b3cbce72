import Checkpoint
import Foundation
import Networks
import TestSupport
import Testing
import Torch

@testable import Engine

/// The networks of Stable Diffusion in single precision against transformers and diffusers: on the random ones, or on the models
/// and goldens in the folder that SEEHEAR_TRACE_MODELS names, where it has such goldens.
@Suite struct ImageGoldenTests {
    static let other: URL? = ProcessInfo.processInfo.environment["SEEHEAR_TRACE_MODELS"].map { URL(filePath: $0) }
        .flatMap {
            FileManager.default.fileExists(atPath: $0.appending(path: "pictures.safetensors").path) ? $0 : nil
        }

    static let models = Result {
        func location(_ name: String) throws -> ModelLocation {
            try HuggingFaceCache().resolve((other ?? RandomModels.folder).appending(path: name).path)
        }
        return try StableDiffusionModels(
            ModelFolder(location("sd15")), motion: MotionAdapterFiles(location("motion_adapter")), dtype: .float32,
            device: .cpu)
    }

    private func expect(_ name: String, _ ours: Tensor) throws {
        let goldens =
            try Self.other.map { try UnitGoldens(at: $0.appending(path: "pictures.safetensors")) }
            ?? UnitGoldens("pictures")
        let difference = try goldens.relativeDifference(name, ours)
        #expect(difference < 2e-5, "\(name): \(difference)")
    }

    @Test("embeddings of empty, short and overlong prompts agree with the reference")
    func embedsPrompts() throws {
        let models = try Self.models.get()
        let embeddings = try models.embed(
            ["", "A dog barking in the rain, photo-realistic", String(repeating: "waves ", count: 90)])
        #expect(embeddings.shape == [3, 77, models.textEncoder.configuration.hiddenSize])
        try expect("embed", embeddings)
    }

    @Test("the noise predicted for images and clips agrees with the reference")
    func predictsTheNoiseOfImagesAndClips() throws {
        let models = try Self.models.get()
        let y = try randn(1, [2, 77, models.textEncoder.configuration.hiddenSize])
        try expect("still", models.unet(randn(2, [2, 4, 9, 7]), timestep: 501, context: y))
        let z = try randn(3, [16, 4, 9, 7])
        try expect("clips", models.unet(z, timestep: 501, context: y, motion: models.motion, frames: 8))
    }

    @Test("decoded frames agree with the reference, alone and in a batch")
    func decodesFrames() throws {
        let vae = try Self.models.get().vae
        let scale = vae.configuration.scale
        let z = try randn(4, [3, 4, 5, 6])
        let frames = try vae.decode(z)
        #expect(frames.shape == [3, 3, 5 * scale, 6 * scale])
        try expect("decoded", frames)
        let second = try vae.decode(z.narrow(0, from: 1, count: 1))
        #expect(try (second - frames.narrow(0, from: 1, count: 1)).maxAbs() < 1e-5)
    }
}
