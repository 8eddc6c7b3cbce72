import Checkpoint
import Foundation
@testable import Networks
import Goldens
import TestSupport
import Testing
import Torch

@testable import Engine

/// The files of the networks of Stable Diffusion, and what does not fit together.
@Suite struct StableDiffusionModelsTests {
    private static func location(_ name: String) throws -> ModelLocation {
        try HuggingFaceCache().resolve(RandomModels.folder.appending(path: name).path)
    }

    static let models = Result {
        try StableDiffusionModels(
            ModelFolder(location("sd15")), motion: MotionAdapterFiles(location("motion_adapter")), dtype: .float32,
            device: .cpu)
    }

    @Test("the latent's shape follows from frames and size, and sizes that do not fit are refused")
    func shapesOfLatents() throws {
        let models = try Self.models.get()
        #expect(try models.latentShape(frames: nil, height: 64, width: 40) == [4, 8, 5])
        #expect(try models.latentShape(frames: 16, height: 8, width: 72) == [4, 16, 1, 9])
        func field(_ frames: Int?, _ height: Int, _ width: Int, of models: StableDiffusionModels) -> String? {
            do throws(ConfigurationError) {
                _ = try models.latentShape(frames: frames, height: height, width: width)
                return nil
            } catch { return error.field }
        }
        #expect(field(nil, 65, 64, of: models) == "height" && field(nil, 64, 0, of: models) == "width")
        #expect(field(33, 64, 64, of: models) == "frames" && field(0, 64, 64, of: models) == "frames")
        let still = try StableDiffusionModels(ModelFolder(Self.location("sd15")), motion: nil, dtype: nil, device: .cpu)
        #expect(field(8, 64, 64, of: still) == "frames" && field(nil, 64, 64, of: still) == nil)
    }

    // MARK: Files

    /// A copy of the random `sd15` that may be changed.
    private func copy() throws -> (TemporaryFolder, URL) {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "sd15")
        try FileManager.default.copyItem(at: RandomModels.folder.appending(path: "sd15"), to: model)
        return (folder, model)
    }

    private func load(_ model: URL, motion: MotionAdapterFiles? = nil) throws -> StableDiffusionModels {
        try StableDiffusionModels(
            ModelFolder(HuggingFaceCache().resolve(model.path)), motion: motion, dtype: .float32, device: .cpu)
    }

    /// `.bin` as PyTorch writes it, a variant in half precision, and an index of several files give the same numbers.
    @Test func otherLayoutsHoldTheSameWeights() throws {
        let (folder, model) = try copy()
        defer { withExtendedLifetime(folder) {} }
        func file(_ path: String) -> URL { model.appending(path: path) }
        let text = try WeightEntry.all(of: file("text_encoder/model.safetensors").path)
        try TorchArchiveWriter.data(text).write(to: file("text_encoder/pytorch_model.bin"))
        try FileManager.default.removeItem(at: file("text_encoder/model.safetensors"))
        try FileManager.default.moveItem(
            at: file("unet/diffusion_pytorch_model.safetensors"),
            to: file("unet/diffusion_pytorch_model.fp16.safetensors"))
        let vae = try WeightEntry.all(of: file("vae/diffusion_pytorch_model.safetensors").path)
        var map: [String: String] = [:]
        for part in 0..<2 {
            let name = "diffusion_pytorch_model-0000\(part + 1)-of-00002.safetensors"
            let entries = vae.enumerated().filter { $0.offset % 2 == part }.map(\.element)
            for entry in entries { map[entry.name] = name }
            try SafetensorsWriter.write(entries, to: file("vae/\(name)"))
        }
        try JSONSerialization.data(withJSONObject: ["weight_map": map]).write(
            to: file("vae/diffusion_pytorch_model.safetensors.index.json"))
        try FileManager.default.removeItem(at: file("vae/diffusion_pytorch_model.safetensors"))

        let check = try ModelFolder(HuggingFaceCache().resolve(model.path)).check(ModelComponent.stableDiffusion)
        #expect(check.problems.isEmpty && check.components.count == 5)
        let (a, b) = (try Self.models.get(), try load(model))
        #expect(try (a.embed(["a dog"]) - b.embed(["a dog"])).maxAbs() == 0)
        let (z, y) = (try randn(5, [1, 4, 4, 4]), try randn(6, [1, 3, 24]))
        #expect(try (a.unet(z, timestep: 7, context: y) - b.unet(z, timestep: 7, context: y)).maxAbs() == 0)
        #expect(try (a.vae.decode(z) - b.vae.decode(z)).maxAbs() == 0)
    }

    /// Buffers of old releases and a projection are known; anything else is refused.
    @Test func knownPartsAreNotSurplus() throws {
        let (folder, model) = try copy()
        defer { withExtendedLifetime(folder) {} }
        let url = model.appending(path: "text_encoder/model.safetensors")
        let entries = try WeightEntry.all(of: url.path)
        func extra(_ name: String) -> WeightEntry {
            .init(name, dtype: .f32, shape: [1], bytes: [0, 0, 0, 0])
        }
        func write(_ entries: [WeightEntry]) throws {
            try FileManager.default.removeItem(at: url)
            try SafetensorsWriter.write(entries, to: url)
        }
        try write(entries.filter { !$0.name.hasSuffix("position_ids") } + [extra("text_projection.weight")])
        _ = try load(model)
        try write(entries + [extra("text_model.extra")])
        #expect(throws: WeightFileError.self) { try load(model) }
    }

    @Test("components that do not fit together are refused with the field")
    func componentsThatDoNotFit() throws {
        let (folder, model) = try copy()
        defer { withExtendedLifetime(folder) {} }
        func field(_ path: String, _ name: String, _ value: Any) throws -> String? {
            let url = model.appending(path: path)
            let original = try Data(contentsOf: url)
            defer { try? original.write(to: url) }
            var json = try #require(JSONSerialization.jsonObject(with: original) as? [String: Any])
            json[name] = value
            try JSONSerialization.data(withJSONObject: json).write(to: url)
            do {
                _ = try load(model)
                return nil
            } catch { return (error as? ConfigurationError)?.field }
        }
        #expect(try field("tokenizer/tokenizer_config.json", "model_max_length", 78) == "model_max_length")
        #expect(
            try field(
                "tokenizer/tokenizer_config.json", "added_tokens_decoder",
                [
                    "1514": ["content": "<new>"], "1512": ["content": "<|startoftext|>"],
                    "1513": ["content": "<|endoftext|>"],
                ]
            ) == "vocab_size")
        let unet = try Self.models.get().unet.configuration
        func motionField(_ name: String, _ value: Any) throws -> ConfigurationError? {
            let data = try Data(contentsOf: RandomModels.folder.appending(path: "motion_adapter/config.json"))
            var json = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            json[name] = value
            let configuration = try JSONDecoder().decode(
                MotionAdapter.Configuration.self, from: JSONSerialization.data(withJSONObject: json))
            // Enough of an adapter to be compared: its weights are never read.
            do throws(ConfigurationError) {
                try MotionPlan(configuration).checkFit(unet)
                return nil
            } catch { return error }
        }
        #expect(try motionField("motion_norm_num_groups", 4) == nil)
        let groups = try #require(try motionField("motion_norm_num_groups", 2))
        #expect(groups.description.contains("[2]") && groups.description.contains("the UNet's norm_num_groups [4]"))
        #expect(try motionField("block_out_channels", [16, 24, 24])?.field == "block_out_channels")
        #expect(try motionField("motion_layers_per_block", [2, 2, 2, 1])?.field == "motion_layers_per_block")
        #expect(try motionField("conv_in_channels", 9)?.description.contains("PIA") == true)
    }
}
