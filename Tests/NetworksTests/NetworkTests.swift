import Goldens
import Parity
import TestSupport
import Testing
import Torch

@testable import Networks

/// Small networks with other sizes than the published ones, against diffusers and transformers in double precision, with
/// the gradients of their inputs. Weights are drawn from seeds on both sides.
@Suite struct NetworkTests {
    static let all = (try? Fixtures.goldens.description([NetworkCase].self, of: "networks")) ?? []
    static let cases = all.filter { $0.kind != "motion" }

    @Test func goldensAreThere() throws {
        #expect(try Fixtures.goldens.description([NetworkCase].self, of: "networks").count == 12)
        #expect(Set(Self.cases.map(\.kind)) == ["unet", "vae", "vocoder", "clip text"])
    }

    @Test("each network agrees with the reference", arguments: cases)
    func agrees(_ item: NetworkCase) throws {
        try item.expect(item.compare(with: Fixtures.goldens.units("networks"), in: Fixtures.goldens.units))
    }

    /// The names from before diffusers 0.17, under which the published autoencoders were saved.
    @Test("an autoencoder is read under the keys from before diffusers 0.17")
    func autoencoderWithLegacyKeys() throws {
        let item = try #require(
            Self.cases.first { $0.kind == "vae" && $0.keys.contains { $0.name.contains("to_q") } })
        let names = ["to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"]
        let entries = try item.entries { key in names.reduce(key) { $0.replacing($1.key, with: $1.value) } }
        #expect(entries.contains { $0.name == "decoder.mid_block.attentions.0.proj_attn.weight" })
        try item.expect(
            item.compare(
                with: Fixtures.goldens.units("networks"), in: Fixtures.goldens.units, entries: entries))
    }
}

extension NetworkCase: CustomTestStringConvertible {
    /// For the lists of tests.
    public var testDescription: String { name }

    /// That a comparison in double precision is as close as it has to be.
    func expect(_ found: Comparison) {
        #expect(found.shape == shape)
        #expect(found.gradients.count == inputs.count)
        #expect(found.result < NetworkTolerance.double.result)
        for (index, difference) in found.gradients.enumerated() {
            #expect(difference < NetworkTolerance.double.gradient, "gradient of input \(index)")
        }
    }
}
