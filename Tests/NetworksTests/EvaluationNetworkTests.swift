import Foundation
import Goldens
import TestSupport
import Method
import Testing
import Torch

@testable import Networks

/// The networks of metrics and their front ends against the reference, layer by layer.
@Suite struct EvaluationNetworkTests {
    @Test("there are goldens of two sets of weights of each network")
    func goldensAreThere() {
        for network in FeatureNetworkName.allCases { #expect(EvaluationCase.of(network).count == 2, "\(network)") }
    }

    @Test("VGGish computes what the reference does, at every layer", arguments: EvaluationCase.of(.vggish))
    func vggish(_ item: EvaluationCase) throws { try expect(item.load(VGGish.self), item.goldens()) }

    @Test("CNN14 computes what the reference does, at every layer", arguments: EvaluationCase.of(.cnn14))
    func cnn14(_ item: EvaluationCase) throws { try expect(item.load(CNN14.self), item.goldens()) }

    @Test("PaSST computes what the reference does, at every layer", arguments: EvaluationCase.of(.passt))
    func passt(_ item: EvaluationCase) throws { try expect(item.load(PaSST.self), item.goldens()) }

    @Test("I3D computes what the reference does, at every layer", arguments: EvaluationCase.of(.i3d))
    func i3d(_ item: EvaluationCase) throws { try expect(item.load(I3D.self), item.goldens()) }

    /// Checkpoints of the published sizes, and `Tools/goldens/evaluation.py --checkpoints` of them.
    private static let large = ProcessInfo.processInfo.environment["SEEHEAR_FEATURE_CHECKPOINTS"]
    private static let largeGoldens = ProcessInfo.processInfo.environment["SEEHEAR_FEATURE_GOLDENS"]

    @Test(
        "the networks of published sizes compute what the reference does, at every layer",
        .enabled(if: large != nil && largeGoldens != nil), arguments: FeatureNetworkName.allCases)
    func publishedSizes(_ name: FeatureNetworkName) throws {
        let path = try "\(#require(Self.large))/\(name.usualFile)"
        let goldens = try GoldenFile(at: URL(filePath: "\(#require(Self.largeGoldens))/\(name.rawValue).safetensors"))
        func load<N: PublishedFeatureNetwork>(_ type: N.Type) throws -> N {
            try N(path: path, dtype: .float32, device: .cpu)
        }
        switch name {
        case .vggish: try expect(load(VGGish.self), goldens)
        case .cnn14: try expect(load(CNN14.self), goldens)
        case .passt: try expect(load(PaSST.self), goldens)
        case .i3d: try expect(load(I3D.self), goldens)
        }
    }

    @Test("the sizes of a network are those of its file")
    func sizes() throws {
        for item in EvaluationCase.all {
            let network = try item.features()
            let isFirst = item.name.hasSuffix("a")
            switch item.network {
            case .vggish: #expect(network.width == (isFirst ? 16 : 24) && network.classes == nil)
            case .cnn14: #expect(network.width == (isFirst ? 128 : 48) && network.classes == (isFirst ? 31 : 19))
            case .passt: #expect(network.width == (isFirst ? 128 : 192) && network.classes == (isFirst ? 31 : 17))
            case .i3d: #expect(network.width == (isFirst ? 40 : 24) && network.classes == nil)
            }
        }
    }

    // MARK: - Comparing

    private func expect(_ network: VGGish, _ goldens: GoldenFile) throws {
        for count in [32_000, 40_001] {
            let examples = try VGGishExamples()(EvaluationData.wave(3, count: count, rate: 16_000))
            var results = ["examples": examples]
            let out = try network(examples) { results[$0] = $1 }
            #expect(results.count == 1 + 16 + 5)
            #expect(out.shape == [examples.size(0), network.width])
            try expect(results, goldens, prefix: "\(count).")
        }
    }

    private func expect(_ network: CNN14, _ goldens: GoldenFile) throws {
        for count in [32_000, 40_001] {
            let power = try CNN14Spectrum()(EvaluationData.wave(3, count: count, rate: 16_000))
            let logMel = try network.logMel(power).to(.float32)
            #expect(try goldens.largestDifference("\(count).logmel", logMel) < 2e-4)
            var results = ["power": power]
            let (features, logits) = try network(logMel.unsqueeze(0)) { results[$0] = $1 }
            #expect(results.count == 11)
            #expect(features.shape == [1, network.width] && logits.shape == [1, network.classes])
            try expect(results, goldens, prefix: "\(count).")
        }
    }

    private func expect(_ network: PaSST, _ goldens: GoldenFile) throws {
        let mel = try PaSSTSpectrogram()(EvaluationData.wave(3, count: 70_001, rate: 32_000))
        #expect(mel.shape == [1, 128, 1000])
        var results = ["mel": mel]
        let (features, logits) = try network(mel.unsqueeze(0)) { results[$0] = $1 }
        #expect(results.count == 5 + network.sizes.depth)
        #expect(features.shape == [1, network.width] && logits.shape == [1, network.classes])
        try expect(results, goldens, prefix: "")
    }

    private func expect(_ network: I3D, _ goldens: GoldenFile) throws {
        for (frames, height, width) in [(9, 50, 70), (16, 64, 64), (10, 90, 31)] {
            let film = EvaluationData.film(5, frames: frames, height: height, width: width)
            var results: [String: Tensor] = [:]
            for framing in I3DFraming.allCases {
                results[framing.rawValue] = try I3DFrames(framing, height: height, width: width)(film)
                #expect(results[framing.rawValue]?.shape == [3, frames, 224, 224])
            }
            let out = try network(#require(results["lvdm"]).unsqueeze(0)) { results[$0] = $1 }
            results["out"] = out
            #expect(results.count == 3 + 17 + 1)
            #expect(out.shape == [1, network.width])
            try expect(results, goldens, prefix: "\(frames)x\(height)x\(width).")
        }
    }

    /// That what was computed is the reference's. `SEEHEAR_FEATURE_GOLDENS` has the worst of it said, for the closing note.
    private func expect(_ results: [String: Tensor], _ goldens: GoldenFile, prefix: String) throws {
        var worst = (name: "", difference: 0.0)
        for (name, tensor) in results.sorted(by: { $0.key < $1.key }) {
            let difference = try goldens.relativeDifference(prefix + name, tensor)
            #expect(difference < 1e-5, "\(prefix)\(name): \(difference)")
            if difference >= worst.difference { worst = (name, difference) }
        }
        if Self.largeGoldens != nil { print("\(prefix)\(worst.name): \(worst.difference) relative") }
    }
}
