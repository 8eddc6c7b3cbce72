import Checkpoint
import Foundation
import TestSupport
import Testing
import Torch

@testable import Networks

/// Small networks with other sizes than the published ones, against diffusers and transformers in double precision, with
/// the gradients of their inputs. Weights are drawn from seeds on both sides.
@Suite struct NetworkTests {
    static let cases = NetworkCase.all.filter { $0.kind != "motion" }

    @Test func goldensAreThere() {
        #expect(Set(Self.cases.map(\.kind)) == ["unet", "vae", "vocoder", "clip text"])
        #expect(Self.cases.count >= 9)
    }

    @Test("each network agrees with the reference", arguments: cases)
    func agrees(_ item: NetworkCase) throws {
        try check(item, entries: item.entries())
    }

    /// The names from before diffusers 0.17, under which the published autoencoders were saved.
    @Test("an autoencoder is read under the keys from before diffusers 0.17")
    func autoencoderWithLegacyKeys() throws {
        let item = try #require(Self.cases.first { $0.kind == "vae" && $0.keys.contains { $0.0.contains("to_q") } })
        let names = ["to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"]
        let entries = try item.entries { key in
            names.reduce(key) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
        }
        #expect(entries.contains { $0.name == "decoder.mid_block.attentions.0.proj_attn.weight" })
        try check(item, entries: entries)
    }

    private func check(_ item: NetworkCase, entries: [WeightEntry]) throws {
        let store = try item.store(entries)
        try item.check { try run(item, store, $0) }
    }

    private func run(_ item: NetworkCase, _ store: WeightStore, _ x: [Tensor]) throws -> Tensor {
        let decoder = JSONDecoder()
        switch item.kind {
        case "unet":
            let configuration = try decoder.decode(UNet2DConditionModel.Configuration.self, from: item.config)
            let unet = try UNet2DConditionModel(configuration, store.root)
            try store.finish()
            return configuration.classEmbedType == nil
                ? try unet(x[0], timestep: item.timestep, context: x[1])
                : try unet(x[0], timestep: item.timestep, classLabels: x[1])
        case "clip text":
            let model = try CLIPTextModel(
                decoder.decode(CLIPTextModel.Configuration.self, from: item.config), store.root)
            try store.finish(unused: CLIPTextModel.unused)
            let ids = try #require(item.json["ids"] as? [[Int]])
            return try model(Tensor(ids.joined().map(Int64.init), shape: [ids.count, ids[0].count]))
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
