import Checkpoint
import Fixtures
import Foundation
import Testing
import Torch

@testable import Engine

/// Small networks with other sizes than the published ones, against diffusers and transformers in double precision, with
/// the gradients of their inputs. Weights are drawn from seeds on both sides.
@Suite struct NetworkTests {
    /// One network of `units/networks.json`.
    struct Case: @unchecked Sendable, CustomTestStringConvertible {  // a JSON object that nobody changes
        let name: String
        let kind: String
        let seed: UInt64
        let config: Data
        let keys: [(String, [Int])]
        let inputs: [[Int]]
        let shape: [Int]
        let timestep: Int

        var testDescription: String { name }

        init?(_ json: [String: Any]) {
            guard let name = json["name"] as? String, let kind = json["kind"] as? String,
                let seed = json["seed"] as? Int,
                let config = json["config"].flatMap({ try? JSONSerialization.data(withJSONObject: $0) }),
                let keys = json["keys"] as? [[Any]], let inputs = json["inputs"] as? [[Int]],
                let shape = json["shape"] as? [Int]
            else { return nil }
            (self.name, self.kind, self.seed, self.config) = (name, kind, UInt64(seed), config)
            self.keys = keys.compactMap { pair in
                (pair[0] as? String).flatMap { key in (pair[1] as? [Int]).map { (key, $0) } }
            }
            (self.inputs, self.shape, timestep) = (inputs, shape, json["timestep"] as? Int ?? 0)
        }

        /// The weights of key `i` from `seed + i`: products scaled by their width, scales near 1, the rest near 0.
        func entries(renaming: (String) -> String = { $0 }) throws -> [SafetensorsWriter.Entry] {
            try keys.enumerated().map { index, key in
                let (name, shape) = key
                var w = try randn(seed + UInt64(index), shape)
                if shape.count > 1 {
                    w = try w * (1 / Double(shape.dropFirst().reduce(1, *)).squareRoot())
                } else if name.hasSuffix("weight") || name.hasSuffix("scale") {
                    w = try w * 0.1 + 1
                } else {
                    w = try w * 0.1
                }
                return try SafetensorsWriter.Entry(renaming(name), w)
            }
        }
    }

    static let cases: [Case] = {
        let data = (try? Data(contentsOf: Fixtures.url("units/networks.json"))) ?? Data()
        let json = (try? JSONSerialization.jsonObject(with: data)) as? [[String: Any]]
        return (json ?? []).compactMap(Case.init)
    }()

    @Test func goldensAreThere() {
        #expect(Set(Self.cases.map(\.kind)) == ["unet", "vae", "vocoder"])
        #expect(Self.cases.count >= 7)
    }

    @Test(arguments: cases) func agrees(_ item: Case) throws {
        try check(item, entries: item.entries())
    }

    /// The names from before diffusers 0.17, under which the published autoencoders were saved.
    @Test func autoencoderWithLegacyKeys() throws {
        let item = try #require(Self.cases.first { $0.kind == "vae" && $0.keys.contains { $0.0.contains("to_q") } })
        let names = ["to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"]
        let entries = try item.entries { key in
            names.reduce(key) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
        }
        #expect(entries.contains { $0.name == "decoder.mid_block.attentions.0.proj_attn.weight" })
        try check(item, entries: entries)
    }

    private func check(_ item: Case, entries: [SafetensorsWriter.Entry]) throws {
        let goldens = try UnitGoldens("networks")
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "model.safetensors")
        try SafetensorsWriter.write(entries, to: url)
        let store = WeightStore(try WeightFile.open(url.path), dtype: .float64)
        let leaves = try item.inputs.enumerated().map {
            try randn(item.seed + 90_000 + UInt64($0), $1).to(.float64).leaf()
        }
        let y = try run(item, store, leaves)
        #expect(y.shape == item.shape)
        let difference = try goldens.relativeDifference("\(item.name).y", y.detached())
        // The sines of the timestep are computed in single precision.
        #expect(difference < 1e-6, "\(difference)")
        let w = try randn(item.seed + 95_000, y.shape).to(.float64)
        let gradients = try Autograd.gradients(of: (y * w).sum(), leaves)
        for (index, gradient) in gradients.enumerated() {
            let difference = try goldens.relativeDifference("\(item.name).gradient.\(index)", gradient)
            #expect(difference < 2e-6, "gradient of input \(index): \(difference)")
        }
    }

    private func run(_ item: Case, _ store: WeightStore, _ x: [Tensor]) throws -> Tensor {
        let decoder = JSONDecoder()
        switch item.kind {
        case "unet":
            let configuration = try decoder.decode(UNet2DConditionModel.Configuration.self, from: item.config)
            let unet = try UNet2DConditionModel(configuration, store.root)
            try store.finish()
            return configuration.classEmbedType == nil
                ? try unet(x[0], timestep: Double(item.timestep), context: x[1])
                : try unet(x[0], timestep: Double(item.timestep), classLabels: x[1])
        case "vae":
            let vae = try AutoencoderKL(decoder.decode(AutoencoderKL.Configuration.self, from: item.config), store.root)
            try store.finish(unused: AutoencoderKL.unused)
            return try vae.decode(x[0])
        default:
            let vocoder = try SpeechT5HifiGan(
                decoder.decode(SpeechT5HifiGan.Configuration.self, from: item.config), store.root)
            try store.finish()
            return try vocoder(x[0])
        }
    }
}
