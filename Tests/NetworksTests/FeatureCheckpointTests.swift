import Checkpoint
import Foundation
import Goldens
import TestSupport
import Method
import Testing
import Torch

@testable import Networks

/// Checkpoints that are not what they should be.
@Suite struct FeatureCheckpointTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What loading says; nil where it succeeds.
    private func complaint(_ entries: [WeightEntry], _ network: FeatureNetworkName) throws -> String? {
        try complaint(EvaluationCase.write(entries, of: network, to: folder), network)
    }

    private func complaint(_ path: String, _ network: FeatureNetworkName) throws -> String? {
        do {
            _ = try network.load(path, variant: FeatureVariant(style: .audioldmEval, framing: .lvdm))
            return nil
        } catch {
            let sentence = "\(error)"
            #expect(sentence.hasPrefix("\(path): ") && sentence.hasSuffix("."), "\(sentence)")
            return sentence
        }
    }

    @Test("one network's weights in place of another's are called by their name")
    func exchanged() throws {
        for item in EvaluationCase.all where item.name.hasSuffix("b") {
            let entries = try item.entries()
            for other in FeatureNetworkName.allCases where other != item.network {
                let sentence = try #require(try complaint(entries, other))
                #expect(
                    sentence.contains("the weights of \(item.network.title), and those of \(other.title) are needed"))
                #expect(sentence.contains(other.usualFile))
            }
        }
    }

    @Test(
        "a checkpoint of a known other network is called by its name",
        arguments: [
            ("visual.transformer.resblocks.0.attn.in_proj_weight", "CLIP"), ("modality_trunks.audio.x", "ImageBind"),
            ("features.0.weight|classifier.0.weight", "VGG for pictures"), ("audio_branch.bn0.weight", "CLAP"),
            (
                "fc_audioset.weight|logmel_extractor.melW|conv_block1.conv1.weight",
                "a network of PANNs other than CNN14"
            ),
            ("vfeat_extractor.cls_token|afeat_extractor.ast.embeddings.cls_token", "Synchformer"),
            ("module.down_blocks.0.x|module.up_blocks.0.x", "the UNet of a diffusion model"),
        ])
    func known(keys: String, name: String) throws {
        let entries = try keys.split(separator: "|").map { try WeightEntry(String($0), Tensor.zeros([2])) }
        for network in FeatureNetworkName.allCases {
            #expect(try #require(try complaint(entries, network)).contains("the weights of \(name)"))
        }
    }

    @Test("a checkpoint that nobody knows is told which key is missing, and shows its own")
    func unknown() throws {
        let entries = try [WeightEntry("encoder.w", Tensor.zeros([2])), WeightEntry("b", Tensor.zeros([1]))]
        for network in FeatureNetworkName.allCases {
            let sentence = try #require(try complaint(entries, network))
            #expect(
                sentence.contains("not the weights of \(network.title)") && sentence.contains("\"encoder.w\", \"b\""))
        }
    }

    @Test("CNN14 for another rate is told apart by its mel matrix")
    func otherRate() throws {
        var entries = try #require(EvaluationCase.of(.cnn14).first).entries()
        let mel = try #require(entries.firstIndex { $0.name == "logmel_extractor.melW" })
        entries[mel] = try WeightEntry("logmel_extractor.melW", Tensor.zeros([513, 64]))
        let sentence = try #require(try complaint(entries, .cnn14))
        #expect(sentence.contains("[513, 64]") && sentence.contains("[257, 64]") && sentence.contains("16 kHz"))
    }

    @Test("PaSST with other patches is told apart by its places")
    func otherPatches() throws {
        var entries = try #require(EvaluationCase.of(.passt).first).entries()
        let times = try #require(entries.firstIndex { $0.name == "time_new_pos_embed" })
        entries[times] = try WeightEntry("time_new_pos_embed", Tensor.zeros([1, 128, 1, 62]))
        let sentence = try #require(try complaint(entries, .passt))
        #expect(sentence.contains("[1, 128, 1, 62]") && sentence.contains("99 places"))
    }

    @Test(
        "a key that is missing is named, unless nobody needs it",
        arguments: EvaluationCase.all.filter { $0.name.hasSuffix("b") })
    func missing(_ item: EvaluationCase) throws {
        let entries = try item.entries()
        #expect(try complaint(entries, item.network) == nil)
        for index in stride(from: 0, to: entries.count, by: item.network == .i3d ? 37 : 11) {
            var fewer = entries
            let gone = fewer.remove(at: index).name
            let isNeeded = !["count", "zeros"].contains(item.keys[index].kind) && !gone.hasPrefix("head_dist")
            let sentence = try complaint(fewer, item.network)
            #expect((sentence != nil) == isNeeded, "\(gone)")
            if let sentence { #expect(sentence.contains("the checkpoint has no \"\(gone)\""), "\(sentence)") }
        }
        let needless = Set(item.keys.filter { ["count", "zeros"].contains($0.kind) }.map(\.name))
        let least = entries.filter { !needless.contains($0.name) && !$0.name.hasPrefix("head_dist") }
        #expect(try complaint(least, item.network) == nil)
    }

    @Test(
        "a tensor of a wrong shape or type, and a key too many, are named",
        arguments: EvaluationCase.all.filter { $0.name.hasSuffix("b") })
    func wrong(_ item: EvaluationCase) throws {
        let entries = try item.entries()
        for index in stride(from: 0, to: entries.count, by: item.network == .i3d ? 41 : 13) {
            let key = item.keys[index]
            guard !["count", "zeros"].contains(key.kind), !key.name.hasPrefix("head_dist") else { continue }
            var other = entries
            // A row more, and a dimension more.
            for shape in [[key.shape[0] + 1] + key.shape.dropFirst(), key.shape + [1]] {
                other[index] = try WeightEntry(key.name, Tensor.zeros(shape))
                let sentence = try #require(try complaint(other, item.network), "\(key.name)")
                #expect(sentence.contains("has shape ["), "\(sentence)")
            }
            other[index] = try WeightEntry(key.name, Tensor.zeros(key.shape, dtype: .int64))
            #expect(try #require(try complaint(other, item.network)).contains("\"\(key.name)\" is stored as I64"))
        }
        for name in ["head_dist.weights", "bn9.num_batches_tracked", "logits.bn.weight", "features.15.weight"] {
            let more = try entries + [WeightEntry(name, Tensor.zeros([3]))]
            let sentence = try #require(try complaint(more, item.network), "\(name)")
            #expect(sentence.contains("\"\(name)\" of shape [3]"))
        }
    }

    @Test("sizes that no such network has are refused before anything is made of them")
    func absurd() throws {
        for (network, key, shape) in [
            (FeatureNetworkName.vggish, "features.0.weight", [100_000, 1, 0, 3]), (.cnn14, "fc1.weight", [0, 48]),
            (.passt, "patch_embed.proj.weight", [100, 1, 16, 16]), (.i3d, "logits.conv3d.weight", [24]),
        ] {
            var entries = try #require(EvaluationCase.of(network).last).entries()
            let index = try #require(entries.firstIndex { $0.name == key })
            entries[index] = try WeightEntry(key, Tensor.zeros(shape))
            let sentence = try #require(try complaint(entries, network))
            #expect(sentence.contains("\"\(key)\" has shape \(shape), and \(network.title) needs"), "\(sentence)")
        }
    }

    @Test("shapes that were changed at random are an error or the same network", arguments: FeatureNetworkName.allCases)
    func anyShapes(_ network: FeatureNetworkName) throws {
        let item = try #require(EvaluationCase.of(network).last)
        let entries = try item.entries()
        var random = SplitMix64(seed: 5)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        for _ in 0..<60 {
            var other = entries
            for _ in 0...pick(3) {
                let index = pick(other.count)
                let shape = (0..<pick(6)).map { _ in [0, 1, 2, 3, 16, 33][pick(6)] }
                other[index] = try WeightEntry(
                    other[index].name, Tensor.zeros(shape.reduce(1, *) > 1 << 16 ? [0] : shape))
            }
            _ = try complaint(other, network)
        }
    }

    @Test("a file that was cut short is an error that names it, wherever it was cut")
    func cutShort() throws {
        for item in EvaluationCase.all where item.name.hasSuffix("b") {
            let path = try EvaluationCase.write(item.entries(), of: item.network, to: folder)
            let whole = try Data(contentsOf: URL(filePath: path))
            for share in [0.0, 0.001, 0.3, 0.7, 0.999] {
                try whole.prefix(Int(Double(whole.count) * share)).write(to: URL(filePath: path))
                #expect(try complaint(path, item.network) != nil, "\(share)")
            }
        }
    }
}
