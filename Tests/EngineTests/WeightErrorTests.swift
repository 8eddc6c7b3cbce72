import Checkpoint
import Foundation
import Goldens
import Networks
import TestSupport
import Testing
import Torch

@testable import Engine

/// A model whose files do not fit each other is refused with file, key and both shapes.
@Suite struct WeightErrorTests {
    /// The random `audioldm` with one component's weights rewritten.
    private func load(
        _ component: String, _ change: (inout [WeightEntry]) -> Void
    ) throws -> AudioLDMModels {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "audioldm")
        try FileManager.default.copyItem(at: RandomModels.folder.appending(path: "audioldm"), to: model)
        let names = try FileManager.default.contentsOfDirectory(atPath: model.appending(path: component).path)
        let name = try #require(names.first { $0.hasSuffix(".safetensors") })
        let url = model.appending(path: component).appending(path: name)
        // The copy may be a link to a mapped file: read, remove, write.
        var entries = try WeightEntry.all(of: url.path)
        change(&entries)
        try FileManager.default.removeItem(at: url)
        try SafetensorsWriter.write(entries, to: url)
        return try AudioLDMModels(ModelFolder(HuggingFaceCache().resolve(model.path)), dtype: .float32, device: .cpu)
    }

    private func error(_ component: String, _ change: (inout [WeightEntry]) -> Void) -> (any Error)? {
        do {
            _ = try load(component, change)
            return nil
        } catch {
            return error
        }
    }

    @Test func untouchedItLoads() throws {
        let models = try load("unet") { _ in }
        #expect(models.latentShape(duration: 2) == [8, 50, 16])
    }

    @Test("a missing weight is named with its file, key and shape")
    func missingKey() throws {
        let key = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"
        let error = try #require(error("unet") { $0.removeAll { $0.name == key } } as? WeightFileError)
        guard case .missing(let path, key, let shape?, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(path.hasSuffix("unet/diffusion_pytorch_model.safetensors") && shape == [24, 24])
        #expect(error.description.contains(key) && error.description.contains("[24, 24]"))
        #expect(error.description.contains("diffusion_pytorch_model.safetensors"))
    }

    @Test("a weight of the wrong shape is named with its file, key and both shapes")
    func wrongShape() throws {
        let key = "resblocks.3.convs2.1.weight"
        let error = try #require(
            error("vocoder") { entries in
                guard let place = entries.firstIndex(where: { $0.name == key }) else { return }
                entries[place].shape = entries[place].shape.reversed()
            } as? WeightFileError)
        guard case .wrongShape(let path, key, let found, let expected) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(path.hasSuffix("vocoder/model.safetensors") && found == expected.reversed() && found != expected)
        for part in [key, "\(found)", "\(expected)", "vocoder/model.safetensors"] {
            #expect(error.description.contains(part), "\(error)")
        }
    }

    @Test("a scalar in place of a vector is a wrong shape")
    func wrongRank() {
        let error = error("vae") { entries in
            guard let place = entries.firstIndex(where: { $0.name == "decoder.conv_norm_out.bias" }) else { return }
            entries[place] = .init(entries[place].name, dtype: .f32, shape: [], bytes: [0, 0, 0, 0])
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("\"decoder.conv_norm_out.bias\" has shape []"))
    }

    @Test("weights that no layer takes are counted, and the first is named with its file and shape")
    func surplusKey() throws {
        let error = try #require(
            error("unet") { entries in
                entries.append(
                    .init(
                        "add_embedding.linear_1.bias", dtype: .f32, shape: [2], bytes: [UInt8](repeating: 0, count: 8))
                )
                entries.append(.init("encoder.extra", dtype: .f32, shape: [1], bytes: [0, 0, 0, 0]))
            } as? WeightFileError)
        guard case .surplus(let path, let key, let shape, let count) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(path.hasSuffix("unet/diffusion_pytorch_model.safetensors") && key == "add_embedding.linear_1.bias")
        #expect(shape == [2] && count == 2)
        #expect(error.description.contains("add_embedding.linear_1.bias") && error.description.contains("[2]"))
    }

    /// Encoders of the autoencoder and buffers of old releases are known, and no surplus.
    @Test func knownPartsAreNotSurplus() throws {
        _ = try load("vae") { $0.append(.init("encoder.extra", dtype: .f32, shape: [1], bytes: [0, 0, 0, 0])) }
        // The buffers are in the file as transformers writes it, and may be absent.
        _ = try load("text_encoder") { entries in
            let count = entries.count
            entries.removeAll { $0.name.hasSuffix("_ids") }
            #expect(entries.count < count)
        }
        #expect(
            error("vocoder") { $0.append(.init("encoder.extra", dtype: .f32, shape: [1], bytes: [0, 0, 0, 0])) } != nil
        )
    }

    @Test func weightsInHalfPrecisionAreConverted() throws {
        let exact = try load("vocoder") { _ in }
        let models = try load("vocoder") { entries in
            for place in entries.indices {
                let entry = entries[place]
                let floats = entry.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
                guard entry.dtype == .f32, let half = try? Tensor(floats, shape: entry.shape).to(.bfloat16),
                    let changed = try? WeightEntry(entry.name, half)
                else { continue }
                entries[place] = changed
            }
        }
        let mel = try randn(1, [1, 4, 64])
        let (a, b) = (try exact.vocoder(mel), try models.vocoder(mel))
        #expect(b.dtype == .float32 && a.shape == b.shape)
        let difference = try (a - b).maxAbs()
        let limit = try 0.05 * a.maxAbs()
        #expect(difference > 0 && difference < limit)
    }

    @Test("components that belong to different models are refused")
    func componentsThatDoNotFit() throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appending(path: "audioldm")
        try FileManager.default.copyItem(at: RandomModels.folder.appending(path: "audioldm"), to: model)
        func change(_ component: String, _ field: String, _ value: Any) throws {
            let url = model.appending(path: "\(component)/config.json")
            var json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
            json[field] = value
            try FileManager.default.removeItem(at: url)
            try JSONSerialization.data(withJSONObject: json).write(to: url)
        }
        try change("vocoder", "sampling_rate", 44_100)
        do {
            _ = try AudioLDMModels(ModelFolder(HuggingFaceCache().resolve(model.path)), dtype: .float32, device: .cpu)
            Issue.record("44.1 kHz were taken")
        } catch let error as ConfigurationError {
            #expect(error.field == "sampling_rate" && error.found == "44100")
        }
        try change("unet", "act_fn", 3)
        do {
            _ = try AudioLDMModels(ModelFolder(HuggingFaceCache().resolve(model.path)), dtype: .float32, device: .cpu)
            Issue.record("a number was taken for a name")
        } catch let error as ModelFolderError {
            guard case .config(let path, let field, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(field == "act_fn" && path.hasSuffix("unet/config.json"))
        }
    }
}
