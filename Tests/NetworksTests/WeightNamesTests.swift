import Checkpoint
import Foundation
import Goldens
import TestSupport
import Testing
import Torch

@testable import Networks

@Suite struct WeightNamesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func store(_ entries: [WeightEntry], dtype: DType? = .float32) throws -> WeightStore {
        let url = folder.url.appending(path: "model.safetensors")
        try SafetensorsWriter.write(entries, to: url)
        return WeightStore(try WeightFile.open(url.path), dtype: dtype)
    }

    private func entry(_ name: String, _ values: [Float], _ shape: [Int]) throws -> WeightEntry {
        try WeightEntry(name, Tensor(values, shape: shape))
    }

    // MARK: - Wrappers

    @Test(
        "what programs put around names is left out",
        arguments: [
            ("module.conv_in.weight", "conv_in.weight"), ("_orig_mod.conv_in.weight", "conv_in.weight"),
            ("module._orig_mod.conv_in.weight", "conv_in.weight"),
            ("_orig_mod.module.conv_in.weight", "conv_in.weight"),
            ("model.diffusion_model.conv_in.weight", "conv_in.weight"),
            ("module.model.diffusion_model._orig_mod.conv_in.weight", "conv_in.weight"),
            ("down_blocks.0._orig_mod.resnets.0.conv1.weight", "down_blocks.0.resnets.0.conv1.weight"),
            ("_fsdp_wrapped_module.mid_block._checkpoint_wrapped_module.norm.bias", "mid_block.norm.bias"),
            // Names that only look alike.
            ("modules.weight", "modules.weight"), ("conv.module.weight", "conv.module.weight"),
            ("model.weight", "model.weight"), ("weight", "weight"), ("", ""),
        ])
    func unwrapped(key: String, name: String) { #expect(KeyWrappers.unwrapped(key) == name) }

    @Test("model. is a wrapper where every key has it, and a name where one has not")
    func lightning() {
        #expect(KeyWrappers.unwrapped(["model.a.weight", "model.module.b"]) == ["a.weight", "b"])
        #expect(KeyWrappers.unwrapped(["model.a.weight", "b"]) == ["model.a.weight", "b"])
        #expect(KeyWrappers.unwrapped([String]()) == [])
    }

    @Test("a network finds its weights behind wrappers, and two keys of one name are an error")
    func behindWrappers() throws {
        let wrapped = try store([entry("module._orig_mod.a.weight", [1, 2], [2]), entry("module.a.bias", [3], [1])])
        #expect(try wrapped.root("a").tensor("weight", [2]).floats() == [1, 2])
        #expect(try wrapped.root("a").tensor("bias", [1]).floats() == [3])
        try wrapped.finish()
        let twice = try store([entry("a", [1], [1]), entry("module.a", [2], [1])])
        #expect(try twice.root.tensor("a", [1]).floats() == [1])
        #expect { try twice.finish() } throws: { "\($0)".contains("\"module.a\"") }
    }

    // MARK: - Weight normalization

    /// torch's own results, by `Tools/goldens/checkpoints.py`.
    @Test("weights under weight normalization, of the old and the new form, are those that torch computes")
    func weightNormalization() throws {
        let file = try WeightFile.open(Fixtures.url("checkpoint/weight_norm.pth").path)
        let fused = try WeightFile.open(Fixtures.url("checkpoint/weight_norm_fused.safetensors").path)
        #expect(file.names.contains("conv.weight_g") && file.names.contains("up.parametrizations.weight.original1"))
        let store = WeightStore(file, dtype: .float32)
        for expected in fused.records {
            let found = try store.root.tensor(expected.name, expected.shape).floats()
            for (a, b) in zip(found, try Tensor(expected).floats()) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b))) }
        }
        for (name, shape) in [("conv.bias", [4]), ("up.bias", [2])] { _ = try store.root.tensor(name, shape) }
        try store.finish()
    }

    @Test("the length of each row is g, and its direction that of v")
    func closedFormula() throws {
        let store = try store([
            entry("c.weight_g", [10, 0.5], [2, 1, 1]), entry("c.weight_v", [3, 4, 0, 0, 0, -2, 0, 0], [2, 2, 2]),
        ])
        let weight = try store.root("c").tensor("weight", [2, 2, 2]).floats()
        #expect(weight == [6, 8, 0, 0, 0, -0.5, 0, 0])
        try store.finish()
    }

    @Test("checked without reading, such weights have their shapes checked all the same")
    func checkedOnly() throws {
        let parts = try [entry("c.weight_g", [1, 1], [2, 1]), entry("c.weight_v", [1, 2, 3, 4], [2, 2])]
        let sound = try store(parts, dtype: nil)
        #expect(try sound.root("c").tensor("weight", [2, 2]).shape == [2, 2])
        try sound.finish()
        #expect { try store(parts, dtype: nil).root("c").tensor("weight", [2, 3]) } throws: {
            "\($0)".contains("c.weight_v") && "\($0)".contains("[2, 2]")
        }
        let other = try [entry("c.weight_g", [1, 1], [1, 2]), parts[1]]
        #expect { try store(other).root("c").tensor("weight", [2, 2]) } throws: { "\($0)".contains("c.weight_g") }
    }

    // MARK: - Other types and layouts

    @Test("what a whole CLIP or CLAP model has beside its text tower is passed over, and nothing else is")
    func otherTowers() {
        for key in [
            "text_projection", "text_projection.weight", "logit_scale", "visual_projection.weight",
            "vision_model.encoder.layers.0.mlp.fc1.weight", "text_model.embeddings.position_ids",
        ] {
            #expect(CLIPTextModel.unused(key), "\(key)")
        }
        for key in ["audio_model.audio_encoder.norm.weight", "audio_projection.linear1.bias", "logit_scale_a"] {
            #expect(ClapTextModelWithProjection.unused(key), "\(key)")
        }
        for key in ["text_model.encoder.layers.12.mlp.fc1.weight", "text_projection_2.weight", "vision"] {
            #expect(!CLIPTextModel.unused(key), "\(key)")
        }
        #expect(!ClapTextModelWithProjection.unused("text_projection.linear3.weight"))
    }

    @Test(
        "integers where floating point belongs are refused before their shape is looked at",
        arguments: [ScalarType.i8, .u8, .i64, .bool])
    func integers(type: ScalarType) throws {
        let bytes = [UInt8](repeating: 1, count: 4 * type.byteCount)
        let store = try store([WeightEntry("a.weight", dtype: type, shape: [4], bytes: bytes)])
        #expect { try store.root("a").tensor("weight", [2, 4]) } throws: { error in
            "\(error)".contains("\"a.weight\" is stored as \(type.rawValue.uppercased())")
                && "\(error)".contains("quantized")
        }
    }

    @Test("a single number may have a dimension or none")
    func singleNumbers() throws {
        let store = try store([entry("scale", [2], [1]), entry("shift", [3], []), entry("pair", [1, 2], [2])])
        #expect(try store.root.tensor("scale", []).shape == [])
        #expect(try store.root.tensor("shift", [1]).shape == [1])
        #expect(throws: WeightFileError.self) { try store.root.tensor("pair", []) }
    }

    @Test(
        "a layout that is not read is called by its name where a key is missing",
        arguments: [
            ("model.diffusion_model.input_blocks.0.0.weight", "original latent diffusion"),
            ("unet.down_blocks.0.attn.to_q.lora_A.weight", "LoRA"), ("ups.0.weight", "HiFi-GAN"),
        ])
    func layouts(key: String, text: String) throws {
        let store = try store([entry(key, [1], [1])])
        #expect { try store.root.tensor("conv_in.weight", [1]) } throws: {
            "\($0)".contains("has no \"conv_in.weight\"") && "\($0)".contains(text)
        }
    }
}
