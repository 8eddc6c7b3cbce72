import Engine
import Foundation
import Goldens
import Networks
import Parity
import TestSupport
import Testing
import Torch

/// The networks of Stable Diffusion in single precision against transformers and diffusers: on the random ones, or on the models
/// and goldens in the folder that SEEHEAR_TRACE_MODELS names, where it has such goldens.
@Suite struct ImageGoldenTests {
    static let other: URL? = ProcessInfo.processInfo.environment["SEEHEAR_TRACE_MODELS"].map { URL(filePath: $0) }
        .flatMap {
            FileManager.default.fileExists(atPath: $0.appending(path: "pictures.safetensors").path) ? $0 : nil
        }

    static let models = other.map { ParityModels($0) } ?? ParityModels(RandomModels.folder)

    @Test("prompts, predicted noise and decoded frames agree with the reference")
    func networks() throws {
        let goldens =
            try Self.other.map { try GoldenFile(at: $0.appending(path: "pictures.safetensors")) }
            ?? Fixtures.goldens.units("pictures")
        let found = try PictureGoldens.compare(Self.models, with: goldens)
        #expect(found.map(\.name) == ["embed", "still", "clips", "decoded"])
        for item in found { #expect(item.difference < 2e-5, "\(item)") }
        let video = try Self.models.video
        let scale = video.vae.configuration.scale
        #expect(found.first?.shape == [3, 77, video.textEncoder.configuration.hiddenSize])
        #expect(found.last?.shape == [3, 3, 5 * scale, 6 * scale])
    }

    @Test("decoded frames agree alone and in a batch")
    func decodesFrames() throws {
        let vae = try Self.models.video.vae
        let z = try randn(4, [3, 4, 5, 6])
        let second = try vae.decode(z.narrow(0, from: 1, count: 1))
        #expect(try (second - vae.decode(z).narrow(0, from: 1, count: 1)).maxAbs() < 1e-5)
    }
}
