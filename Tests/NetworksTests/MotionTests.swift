import Checkpoint
import Foundation
import Goldens
import Parity
import TestSupport
import Testing
import Torch

@testable import Networks

/// UNets with motion modules against diffusers' UNetMotionModel, in double precision, with the gradients of latent and
/// prompt.
@Suite struct MotionTests {
    static let cases = NetworkTests.all.filter { $0.kind == "motion" }

    @Test func goldensAreThere() throws {
        #expect(Self.cases.count == 3)
        #expect(try Self.cases.contains { try motion($0).checkpoint != nil })
    }

    @Test("a UNet with a motion adapter agrees with the reference", arguments: cases)
    func agrees(_ item: NetworkCase) throws {
        try item.expect(item.compare(with: Fixtures.goldens.units("networks"), in: Fixtures.goldens.units))
    }

    /// An original checkpoint as PyTorch saved it: `state_dict` among other things, `module.` before every key.
    @Test func sizesAreReadOffAnOriginalCheckpoint() throws {
        let item = try #require(Self.cases.first { try motion($0).checkpoint != nil })
        let name = try #require(try motion(item).checkpoint)
        let files = try MotionAdapterFiles(HuggingFaceCache().resolve(Fixtures.url("units/\(name)").path))
        #expect(files.config == nil)
        let adapter = try MotionAdapter(files, dtype: .float64, device: .cpu)
        #expect(adapter.maximumFrames == 24 && adapter.configuration.blockOutChannels == [32])
    }

    /// The same weights under the original checkpoints' keys, sizes read off the shapes.
    @Test func agreesFromTheOriginalKeys() throws {
        let item = try #require(Self.cases.first { $0.name.contains("published") })
        let expected = try motion(item).adapter
        let file = try NetworkCase.file(originalEntries(item))
        let store = WeightStore(file, dtype: .float64, networkName: MotionAdapter.diffusersName)
        let inferred = try MotionAdapter.Configuration(inferredFrom: file)
        #expect(inferred.blockOutChannels == expected.blockOutChannels && inferred.maxSeqLength == 24)
        #expect(inferred.layersPerBlock == .each([1, 1]) && inferred.useMotionMidBlock == true)
        let adapter = try MotionAdapter(inferred, store.root)
        try store.finish(unused: MotionAdapter.unused)
        try item.expect(item.compare(with: Fixtures.goldens.units("networks"), motion(item), adapter))
    }

    private func motion(_ item: NetworkCase) throws -> NetworkCase.Motion {
        guard case .motion(let motion) = item.network else { throw NoMotion() }
        return motion
    }

    private struct NoMotion: Error {}

    private func adapterEntries(_ item: NetworkCase, renaming: (String) -> String) throws -> [WeightEntry] {
        let keys = try motion(item).adapterKeys
        #expect(!keys.isEmpty)
        return try item.adapterEntries(keys, renaming: renaming)
    }

    private func originalEntries(_ item: NetworkCase) throws -> [WeightEntry] {
        let parts = [
            "norm1": "norms.0", "norm2": "norms.1", "norm3": "ff_norm", "attn1": "attention_blocks.0",
            "attn2": "attention_blocks.1",
        ]
        func original(_ key: String) -> String {
            var words = key.split(separator: ".").map(String.init)
            words = words.map { parts[$0] ?? $0 }
            let place = (words.firstIndex(of: "motion_modules") ?? 0) + 2
            words.insert("temporal_transformer", at: place)
            return words.joined(separator: ".")
        }
        var entries = try adapterEntries(item, renaming: original)
        for entry in entries where entry.name.hasSuffix("attention_blocks.0.to_q.weight") {
            let table = try WeightEntry("", MotionModule.sinusoids(24, entry.shape[0]))
            for block in ["0", "1"] {
                var copy = table
                copy.name = entry.name.replacing(
                    "attention_blocks.0.to_q.weight", with: "attention_blocks.\(block).pos_encoder.pe")
                entries.append(copy)
            }
        }
        #expect(
            entries.allSatisfy {
                MotionAdapter.diffusersName("module.\($0.name)") == MotionAdapter.diffusersName($0.name)
            })
        return entries
    }

    @Test("the original keys have the names that diffusers gives them")
    func namesOfKeys() {
        let block = "down_blocks.0.motion_modules.1"
        let pairs = [
            ("temporal_transformer.norm.weight", "norm.weight"),
            (
                "temporal_transformer.transformer_blocks.0.attention_blocks.0.to_out.0.bias",
                "transformer_blocks.0.attn1.to_out.0.bias"
            ),
            (
                "temporal_transformer.transformer_blocks.0.attention_blocks.1.to_q.weight",
                "transformer_blocks.0.attn2.to_q.weight"
            ),
            (
                "temporal_transformer.transformer_blocks.0.attention_blocks.0.pos_encoder.pe",
                "transformer_blocks.0.pos_embed.pe"
            ),
            (
                "temporal_transformer.transformer_blocks.0.attention_blocks.1.pos_encoder.pe",
                "transformer_blocks.0.attn2.pos_encoder.pe"
            ),
            ("temporal_transformer.transformer_blocks.0.norms.1.bias", "transformer_blocks.0.norm2.bias"),
            ("temporal_transformer.transformer_blocks.0.ff_norm.bias", "transformer_blocks.0.norm3.bias"),
            ("temporal_transformer.transformer_blocks.0.ff.net.0.proj.bias", "transformer_blocks.0.ff.net.0.proj.bias"),
        ]
        for (original, name) in pairs {
            #expect(MotionAdapter.diffusersName("\(block).\(original)") == "\(block).\(name)")
            #expect(MotionAdapter.diffusersName("module.\(block).\(original)") == "\(block).\(name)")
            #expect(MotionAdapter.diffusersName("\(block).\(name)") == "\(block).\(name)")
        }
        #expect(MotionAdapter.unused("\(block).transformer_blocks.0.attn2.pos_encoder.pe"))
        // Any key at all.
        var generator = SplitMix64(seed: 3)
        let parts = [
            "temporal_transformer", "attention_blocks", "norms", "0", "1", "99999999999999999999", "", "pos_encoder",
            "ff_norm", "module",
        ]
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...6, using: &generator)
            let key = (0..<count).map { _ in parts.randomElement(using: &generator) ?? "" }.joined(separator: ".")
            let name = MotionAdapter.diffusersName(key)
            #expect(key.contains("temporal_transformer") || name == KeyWrappers.unwrapped(key))
        }
    }

    @Test("a checkpoint of AnimateDiff's training is called one, with the command that takes the modules out")
    func trainingCheckpoint() throws {
        let item = try #require(Self.cases.first { $0.name.contains("published") })
        var entries = try originalEntries(item).map { entry in
            var entry = entry
            entry.name = "module." + entry.name
            return entry
        }
        entries.append(try WeightEntry("module.down_blocks.0.resnets.0.norm1.weight", Tensor([Float(1)], shape: [1])))
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "checkpoint-epoch-3.ckpt")
        try SafetensorsWriter.write(entries, to: url)
        let files = try MotionAdapterFiles(HuggingFaceCache().resolve(url.path))
        #expect { try MotionAdapter(files, dtype: nil, device: .cpu) } throws: { error in
            "\(error)".contains("AnimateDiff's training") && "\(error)".contains("module.down_blocks.0.resnets.0")
                && "\(error)".contains("torch.save(")
        }
    }

    /// What is no adapter is refused by the key that is missing; PIA by its name.
    @Test func refusesOtherCheckpoints() throws {
        func infer(_ entries: [WeightEntry]) throws -> (MotionAdapter.Configuration?, ConfigurationError?) {
            let file = try NetworkCase.file(entries)
            do throws(ConfigurationError) {
                let configuration = try MotionAdapter.Configuration(inferredFrom: file)
                _ = try MotionPlan(configuration)
                return (configuration, nil)
            } catch { return (nil, error) }
        }
        func entry(_ name: String, _ shape: [Int]) -> WeightEntry {
            .init(name, dtype: .u8, shape: shape, bytes: [UInt8](repeating: 0, count: shape.reduce(1, *)))
        }
        let norm = entry("down_blocks.0.motion_modules.0.norm.weight", [32])
        let block = "down_blocks.0.motion_modules.0.transformer_blocks.0"
        let whole = [norm, entry("\(block).norm1.weight", [32]), entry("\(block).pos_embed.pe", [1, 24, 32])]
        #expect(
            try infer([entry("conv_in.weight", [4, 4, 3, 3])]).1?.field == "down_blocks.0.motion_modules.0.norm.weight")
        #expect(try infer([norm]).1?.field == "pos_encoder.pe")
        #expect(try infer([whole[0], entry("\(block).pos_embed.pe", [24])]).1?.field == "pos_encoder.pe")
        #expect(try infer(whole).0?.maxSeqLength == 24)
        #expect(try infer(whole).0?.useMotionMidBlock == false)
        #expect(try infer(whole + [entry("conv_in.weight", [4, 9, 3, 3])]).1?.description.contains("PIA") == true)
        #expect(try infer([entry(norm.name, []), whole[1], whole[2]]).1?.field == "block_out_channels")
        #expect(
            try infer([norm, entry("\(block).pos_embed.pe", [1, 24, 32])]).1?.field
                == "motion_transformer_layers_per_block")
    }

    // MARK: Without goldens

    private static let models = Result {
        func location(_ name: String) throws -> ModelLocation {
            try HuggingFaceCache().resolve(RandomModels.folder.appending(path: name).path)
        }
        return (
            unet: try ModelFolder(location("sd15")).network(
                .unet, dtype: .float32, device: .cpu, UNet2DConditionModel.init),
            motion: try MotionAdapter(
                MotionAdapterFiles(location("motion_adapter")), dtype: .float32, device: .cpu)
        )
    }

    /// Without an adapter the frames of a sample are pictures that share a prompt.
    @Test func withoutAnAdapterFramesStandAlone() throws {
        let unet = try Self.models.get().unet
        let (z, y) = (try randn(1, [6, 4, 8, 8]), try randn(2, [2, 77, 24]))
        let together = try unet(z, timestep: 300, context: y, frames: 3)
        for sample in 0..<2 {
            for frame in 0..<3 {
                let row = 3 * sample + frame
                let alone = try unet(
                    z.narrow(0, from: row, count: 1), timestep: 300, context: y.narrow(0, from: sample, count: 1))
                #expect(try (together.narrow(0, from: row, count: 1) - alone).maxAbs() < 1e-5)
            }
        }
    }

    /// A sample does not see its neighbours, and its frames see each other.
    @Test func framesOfASampleBelongTogether() throws {
        let models = try Self.models.get()
        let (z, y) = (try randn(3, [8, 4, 8, 8]), try randn(4, [2, 77, 24]))
        let both = try models.unet(z, timestep: 300, context: y, motion: models.motion, frames: 4)
        func first(_ z: Tensor) throws -> Tensor {
            try models.unet(
                z.narrow(0, from: 0, count: 4), timestep: 300, context: y.narrow(0, from: 0, count: 1),
                motion: models.motion, frames: 4)
        }
        #expect(try (both.narrow(0, from: 0, count: 4) - first(z)).maxAbs() < 1e-5)
        let other = try Tensor.cat([z.narrow(0, from: 0, count: 3), randn(5, [1, 4, 8, 8])], 0)
        #expect(try (first(other) - first(z)).narrow(0, from: 0, count: 3).maxAbs() > 1e-3)
    }

    @Test func refusesRowsThatDoNotFit() throws {
        let models = try Self.models.get()
        let (z, y) = (try randn(6, [4, 4, 2, 2]), try randn(7, [2, 77, 24]))
        #expect(throws: TorchError.self) { try models.unet(z, timestep: 1, context: y, frames: 3) }
        #expect(throws: TorchError.self) { try models.unet(z, timestep: 1, context: y) }
        #expect(throws: TorchError.self) { try models.unet(z, timestep: 1, context: y, frames: 0) }
        let long = try randn(8, [33, 4, 1, 1])
        do {
            _ = try models.unet(long, timestep: 1, context: randn(9, [1, 2, 24]), motion: models.motion, frames: 33)
            Issue.record("33 frames were taken")
        } catch {
            #expect("\(error)".contains("33 frames") && "\(error)".contains("32"))
        }
    }
}
