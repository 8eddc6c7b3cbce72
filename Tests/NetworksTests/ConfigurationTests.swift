import Checkpoint
import Foundation
import Goldens
import TestSupport
import Testing
import Torch

@testable import Networks

/// Configurations that this program does not compute are refused by name, before a weight is read.
@Suite struct ConfigurationTests {
    /// A random model's configuration with one field changed; `nil` removes it.
    private func changed(_ path: String, _ field: String, _ value: Any?) throws -> Data {
        let data = try Data(contentsOf: RandomModels.folder.appending(path: path))
        var json = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        json[field] = value
        return try JSONSerialization.data(withJSONObject: json)
    }

    /// A file without a weight: whoever reads one before the check fails with another error.
    private func emptyScope(_ folder: TemporaryFolder) throws -> WeightScope {
        let url = folder.url.appending(path: "empty.safetensors")
        try SafetensorsWriter.write([.init("x", dtype: .u8, shape: [1], bytes: [0])], to: url)
        return WeightStore(try WeightFile.open(url.path), dtype: .float32).root
    }

    private func expect<N>(_ model: String, _ field: String, _ found: String, _ body: () throws -> N) {
        do {
            _ = try body()
            Issue.record("\(field) = \(found) was taken")
        } catch let error as ConfigurationError {
            #expect(error.model == model && error.field == field, "\(error)")
            #expect(error.description.contains(found) && error.description.contains("'\(field)'"), "\(error)")
        } catch {
            Issue.record("\(field): \(error)")
        }
    }

    @Test("a UNet configuration that is not computed is refused with field and value")
    func unet() throws {
        let folder = try TemporaryFolder()
        let scope = try emptyScope(folder)
        let cases: [(String, Any, String, String)] = [
            ("act_fn", "gelu", "act_fn", "gelu"),
            ("mid_block_type", "UNetMidBlock2D", "mid_block_type", "UNetMidBlock2D"),
            ("resnet_time_scale_shift", "scale_shift", "resnet_time_scale_shift", "scale_shift"),
            ("time_embedding_type", "fourier", "time_embedding_type", "fourier"),
            ("time_embedding_act_fn", "silu", "time_embedding_act_fn", "silu"),
            ("only_cross_attention", true, "only_cross_attention", "true"),
            ("dual_cross_attention", true, "dual_cross_attention", "true"),
            ("center_input_sample", true, "center_input_sample", "true"),
            ("mid_block_scale_factor", 2, "mid_block_scale_factor", "2"),
            ("downsample_padding", 0, "downsample_padding", "0"),
            ("layers_per_block", 1 << 40, "layers_per_block", "\(1 << 40)"),
            ("transformer_layers_per_block", -1, "transformer_layers_per_block", "-1"),
            ("class_embed_type", "timestep", "class_embed_type", "timestep"),
            (
                "down_block_types", ["DownBlock2D", "DownBlock2D", "DownBlock2D", "AttnDownBlock2D"],
                "down_block_types", "AttnDownBlock2D"
            ),
            (
                "up_block_types", ["UpBlock2D", "UpBlock2D", "UpBlock2D", "DownBlock2D"], "up_block_types",
                "DownBlock2D"
            ),
            ("up_block_types", ["UpBlock2D"], "block_out_channels", "4 levels"),
            ("block_out_channels", [24, 24, 32], "block_out_channels", "3 levels"),
            ("block_out_channels", [24, 24, 32, 33], "block_out_channels", "33"),
            ("block_out_channels", [24, 24, 32, -32], "block_out_channels", "-32"),
            ("block_out_channels", [Int](), "block_out_channels", "0 levels"),
            ("norm_num_groups", 0, "block_out_channels", "0"),
            ("norm_num_groups", 5, "block_out_channels", "24"),
            ("attention_head_dim", 5, "block_out_channels", "24"),
            ("attention_head_dim", 0, "block_out_channels", "24"),
            ("attention_head_dim", [4, 4], "attention_head_dim", "[4, 4]"),
            ("cross_attention_dim", [24], "cross_attention_dim", "[24]"),
            ("transformer_layers_per_block", [1, 1, 1], "transformer_layers_per_block", "[1, 1, 1]"),
            ("layers_per_block", [2, 2, 2], "layers_per_block", "[2, 2, 2]"),
            ("layers_per_block", 0, "layers_per_block", "0"),
            ("layers_per_block", [1, 1, 1, 0], "layers_per_block", "0"),
            ("in_channels", 0, "block_out_channels", "0"),
        ]
        for (key, value, field, found) in cases {
            let json = try changed("audioldm/unet/config.json", key, value)
            let configuration = try JSONDecoder().decode(UNet2DConditionModel.Configuration.self, from: json)
            expect("UNet2DConditionModel", field, found) { try UNet2DConditionModel(configuration, scope) }
        }
    }

    @Test("an autoencoder configuration that is not computed is refused with field and value")
    func autoencoder() throws {
        let folder = try TemporaryFolder()
        let scope = try emptyScope(folder)
        let cases: [(String, Any, String, String)] = [
            ("act_fn", "relu", "act_fn", "relu"), ("shift_factor", 0.1, "shift_factor", "0.1"),
            (
                "up_block_types", ["UpDecoderBlock2D", "AttnUpDecoderBlock2D", "UpDecoderBlock2D"], "up_block_types",
                "AttnUpDecoderBlock2D"
            ),
            ("block_out_channels", [Int](), "block_out_channels", "[]"),
            ("block_out_channels", [8, 0], "block_out_channels", "[8, 0]"),
            ("layers_per_block", 0, "block_out_channels", "[8, 16, 24]"),
        ]
        for (key, value, field, found) in cases {
            let json = try changed("audioldm/vae/config.json", key, value)
            let configuration = try JSONDecoder().decode(AutoencoderKL.Configuration.self, from: json)
            expect("AutoencoderKL", field, found) { try AutoencoderKL(configuration, scope) }
        }
    }

    @Test("a vocoder configuration that is not computed is refused with field and value")
    func vocoder() throws {
        let folder = try TemporaryFolder()
        let scope = try emptyScope(folder)
        let cases: [(String, Any, String, String)] = [
            ("upsample_rates", [5, 4], "upsample_kernel_sizes", "[16, 16, 8, 4, 4]"),
            ("upsample_kernel_sizes", [4, 16, 8, 4, 4], "upsample_kernel_sizes", "[4, 16, 8, 4, 4]"),
            ("resblock_kernel_sizes", [3, 7], "resblock_dilation_sizes", "[[1, 3, 5], [1, 3, 5], [1, 3, 5]]"),
            ("resblock_kernel_sizes", [Int](), "resblock_dilation_sizes", "[1, 3, 5]"),
            ("upsample_initial_channel", 16, "upsample_initial_channel", "16"),
            ("model_in_dim", 0, "a size", "0"), ("sampling_rate", -16000, "a size", "-16000"),
            ("upsample_initial_channel", 1 << 40, "a size", "\(1 << 40)"),
        ]
        for (key, value, field, found) in cases {
            let json = try changed("audioldm/vocoder/config.json", key, value)
            let configuration = try JSONDecoder().decode(SpeechT5HifiGan.Configuration.self, from: json)
            expect("SpeechT5HifiGan", field, found) { try SpeechT5HifiGan(configuration, scope) }
        }
    }

    @Test("a CLAP text configuration that is not computed is refused with field and value")
    func textEncoder() throws {
        let folder = try TemporaryFolder()
        let scope = try emptyScope(folder)
        let cases: [(String, Any, String, String)] = [
            ("hidden_act", "gelu_new", "hidden_act", "gelu_new"),
            ("projection_hidden_act", "gelu", "projection_hidden_act", "gelu"),
            ("num_attention_heads", 5, "hidden_size", "24"), ("num_attention_heads", 0, "a size", "0"),
            ("vocab_size", -1, "a size", "-1"),
        ]
        for (key, value, field, found) in cases {
            let json = try changed("audioldm/text_encoder/config.json", key, value)
            let configuration = try JSONDecoder().decode(ClapTextModelWithProjection.Configuration.self, from: json)
            expect("ClapTextModelWithProjection", field, found) {
                try ClapTextModelWithProjection(configuration, scope)
            }
        }
    }

    @Test("a CLIP text configuration that is not computed is refused with field and value")
    func clipText() throws {
        let folder = try TemporaryFolder()
        let scope = try emptyScope(folder)
        let cases: [(String, Any, String, String)] = [
            ("hidden_act", "relu", "hidden_act", "relu"), ("num_attention_heads", 5, "hidden_size", "24"),
            ("num_hidden_layers", 0, "a size", "0"), ("num_hidden_layers", 1 << 40, "a size", "\(1 << 40)"),
        ]
        for (key, value, field, found) in cases {
            let json = try changed("sd15/text_encoder/config.json", key, value)
            let configuration = try JSONDecoder().decode(CLIPTextModel.Configuration.self, from: json)
            expect("CLIPTextModel", field, found) { try CLIPTextModel(configuration, scope) }
        }
    }

    @Test("a motion adapter configuration that is not computed is refused with field and value")
    func motion() throws {
        let folder = try TemporaryFolder()
        let scope = try emptyScope(folder)
        let cases: [(String, Any, String, String)] = [
            ("conv_in_channels", 9, "conv_in_channels", "9"),
            ("block_out_channels", [Int](), "block_out_channels", "[]"),
            ("block_out_channels", [16, 24, 24, 0], "block_out_channels", "0"),
            ("motion_num_attention_heads", 5, "block_out_channels", "16"),
            ("motion_norm_num_groups", 32, "block_out_channels", "16"),
            ("motion_layers_per_block", [2, 2], "motion_layers_per_block", "[2, 2]"),
            ("motion_layers_per_block", 1 << 40, "motion_layers_per_block", "\(1 << 40)"),
            ("motion_transformer_layers_per_block", -1, "motion_transformer_layers_per_block", "-1"),
            ("motion_max_seq_length", 1 << 40, "motion_max_seq_length", "\(1 << 40)"),
            ("motion_mid_block_layers_per_block", 2, "motion_mid_block_layers_per_block", "2"),
        ]
        for (key, value, field, found) in cases {
            let json = try changed("motion_adapter/config.json", key, value)
            let configuration = try JSONDecoder().decode(MotionAdapter.Configuration.self, from: json)
            expect("MotionAdapter", field, found) { try MotionAdapter(configuration, scope) }
        }
    }

    @Test("an ImageBind configuration whose sizes do not fit is refused with field and value")
    func binder() throws {
        let folder = try TemporaryFolder()
        let scope = try emptyScope(folder)
        for (key, value, field) in [
            ("audio_num_heads", 7, "audio_embed_dim"), ("vision_num_heads", 0, "vision_embed_dim"),
            ("text_num_blocks", 0, "text_embed_dim"), ("out_embed_dim", 0, "out_embed_dim"),
        ] {
            let json = try changed("imagebind/config.json", key, value)
            let configuration = try JSONDecoder().decode(ImageBindModel.Configuration.self, from: json)
            expect("ImageBindModel", field, "\(value)") { try ImageBindModel(configuration, scope) }
        }
    }

    @Test("a value per level is one number for all or as many as there are levels")
    func perLevel() throws {
        func values(_ json: String, _ levels: Int) throws -> [Int] {
            try JSONDecoder().decode(PerLevel.self, from: Data(json.utf8)).values(levels, "M", "f")
        }
        #expect(try values("7", 3) == [7, 7, 7])
        #expect(try values("[1, 2]", 2) == [1, 2])
        #expect(throws: ConfigurationError("M", "f", found: "[1, 2]", expected: "one number or 3 of them")) {
            try values("[1, 2]", 3)
        }
        for json in ["\"8\"", "[1, \"2\"]", "1.5", "{}", "[[1]]"] {
            #expect(throws: DecodingError.self) { try values(json, 1) }
        }
    }
}
