import Foundation
import Goldens
import TestSupport
import Testing
import Torch

@testable import SelfTest

/// The parts of the self-test in this process, on the CPU, on the checkout's goldens and on others that were changed.
@Suite(.serialized) struct SelfTestTests {
    /// A checkout of links, of which single files can be replaced.
    private final class Data {
        let folder: TemporaryFolder
        var setting: SelfTestSetting {
            SelfTestSetting(device: .cpu, data: GoldenData(root: folder.url), scratch: folder.url, quick: true)
        }

        init() throws {
            folder = try TemporaryFolder()
            for name in ["Tests/Fixtures/Data/traces", "Tests/Fixtures/Data/units", "Models/random"] {
                let target = folder.url.appending(path: name)
                try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
                for file in try FileManager.default.contentsOfDirectory(
                    atPath: Fixtures.checkout.appending(path: name).path)
                {
                    try link("\(name)/\(file)")
                }
            }
            try link("Models/toyworld")
            try FileManager.default.createSymbolicLink(
                at: folder.url.appending(path: "models"), withDestinationURL: RandomModels.folder)
        }

        private func link(_ name: String) throws {
            try FileManager.default.createSymbolicLink(
                at: folder.url.appending(path: name), withDestinationURL: Fixtures.checkout.appending(path: name))
        }

        /// Replaces a file by one with other content.
        func change(_ name: String, _ change: (inout [UInt8]) throws -> Void) throws {
            let url = folder.url.appending(path: name)
            var bytes = [UInt8](try Foundation.Data(contentsOf: url))
            try change(&bytes)
            try FileManager.default.removeItem(at: url)
            try folder.write(bytes, to: name)
        }

        func checks(_ part: SelfTestPart) throws -> [SelfTestCheck] {
            var checks: [SelfTestCheck] = []
            try part.run(setting) { checks.append($0) }
            return checks
        }
    }

    @Test("layers and networks agree with their goldens, and every check says what it compared")
    func units() throws {
        let checks = try Data().checks(.units)
        #expect(checks.count == 9)
        for check in checks {
            #expect(check.outcome == .passed && (check.compared ?? 0) > 3 && check.place != nil, "\(check)")
        }
    }

    @Test("a number of a golden that is another one fails its check, and no other")
    func changedUnit() throws {
        let data = try Data()
        try data.change("Tests/Fixtures/Data/units/networks.safetensors") { bytes in
            // The highest bit of the last number's exponent and its lowest bits.
            bytes[bytes.count - 1] ^= 0x10
        }
        let failed = try data.checks(.units).filter { $0.outcome == .failed }
        #expect(!failed.isEmpty && failed.allSatisfy { $0.name.contains("small networks") }, "\(failed)")
    }

    @Test("a layer's golden that is another number fails the layers")
    func changedLayer() throws {
        let data = try Data()
        try data.change("Tests/Fixtures/Data/units/torch.json") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            let place = try #require(text.firstRange(of: "\"values\": [") ?? text.firstRange(of: "\"values\":["))
            bytes = Array((text[..<place.upperBound] + "9" + text[place.upperBound...]).utf8)
        }
        let failed = try data.checks(.units).filter { $0.outcome == .failed }
        #expect(
            Set(failed.map(\.name)) == ["layers"] || Set(failed.map(\.name)) == ["gradients of layers"], "\(failed)")
    }

    @Test("weights that are drawn otherwise have other sums, and fail every stage they are a part of")
    func changedWeights() throws {
        let data = try Data()
        try data.change("Models/random/recipe.txt") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("file audioldm/vocoder/") })
            // The seed, another one.
            bytes = Array(text.replacing(line, with: String(line).replacing(#/ f32 (\d+)/#) { " f32 9\($0.1)" }).utf8)
        }
        try FileManager.default.removeItem(at: data.folder.url.appending(path: "models"))
        let drawn = try data.checks(.models)
        #expect(drawn.map(\.outcome) == [.failed])
        #expect(drawn[0].note?.contains("audioldm/vocoder") == true, "\(drawn)")
        let failed = Set(try data.checks(.traces).filter { $0.outcome == .failed }.map(\.name))
        #expect(failed.contains("audio.wave") && failed.contains("audio.grad_z"), "\(failed)")
        #expect(!failed.contains("audio.mel") && !failed.contains("vision.eps"), "\(failed)")
    }

    @Test("a check fails where a number is off, not finite, or where there is none")
    func checks() {
        func check(_ values: [Double]) -> SelfTestCheck {
            SelfTestCheck(
                "x", precision: "fp32", against: "y",
                values.enumerated().map { .init(place: "\($0)", difference: $1, tolerance: 1) })
        }
        #expect(check([0.5, 1, 0.2]).outcome == .passed && check([0.5, 1, 0.2]).place == "1")
        #expect(check([0.5, 1.1]).outcome == .failed)
        #expect(check([]).outcome == .failed)
        #expect(check([0, .nan]).outcome == .failed && check([0, .nan]).largest == nil)
        #expect(check([0, .infinity, 0]).place == "1")
    }

    @Test("what a lower precision may cost grows with the spacing of its numbers")
    func precisions() {
        for stage in ["003.audio.eps", "003.vision.bind_in", "cond.text", "loss"] {
            let costs = [LowerPrecision.fp32, .tf32, .fp16, .bf16].map { $0.tolerance(stage) }
            #expect(costs == costs.sorted() && costs[0] == 2e-5, "\(stage): \(costs)")
        }
        #expect(LowerPrecision.allCases.allSatisfy { $0.tolerance("cond.audio_in") == 2e-5 })
    }

    @Test("goldens are looked for around a place, and one that lacks them is named")
    func data() throws {
        let inner = Fixtures.checkout.appending(path: "Sources/SelfTest/none").path
        #expect(try SelfTestData.find(nil, program: inner).traces.path == Fixtures.url("traces").path)
        let folder = try TemporaryFolder()
        let error = #expect(throws: SelfTestError.self) { try SelfTestData.find(folder.path, program: inner) }
        #expect(error?.description.contains("has no Tests/Fixtures/Data/traces") == true)
    }
}
