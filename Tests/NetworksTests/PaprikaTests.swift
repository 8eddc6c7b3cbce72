import ClipSampling
import Foundation
import Goldens
import TestSupport
import Testing
import Torch

@testable import Networks

/// AnimeGANv2's generator against a restatement that was checked against the published port.
@Suite struct PaprikaTests {
    private let model: PaprikaModel
    private let goldens: GoldenFile
    private let folder: TemporaryFolder

    init() throws {
        model = try PaprikaModel.read()
        goldens = try GoldenFile(at: Fixtures.url("paprika/paprika.safetensors"))
        folder = try TemporaryFolder()
    }

    private func file(without name: String? = nil) throws -> String { try model.write(to: folder, without: name) }

    private func picture(_ seed: Int, _ size: [Int]) throws -> Image {
        var random = SplitMix64(seed: UInt64(seed))
        return try #require(Image(width: size[1], height: size[0], pixels: Array(random.bytes(size[0] * size[1] * 3))))
    }

    @Test("every block computes what the reference does")
    func blocks() throws {
        let network = try Paprika(path: file(), device: .cpu)
        for (index, size) in model.maps.enumerated() {
            let pixels = try picture(80 + index, size).pixels.map { Float(Double($0) / 127.5 - 1) }
            let x = try Tensor(pixels, shape: [1, size[0], size[1], 3]).permute([0, 3, 1, 2]).contiguous()
            var results: [String: Tensor] = [:]
            results["output"] = try network(x) { results[$0] = $1 }
            #expect(results.count == 6)
            for (name, value) in results {
                // The golden is in double precision; libtorch in single stands 3e-6 from it.
                #expect(try goldens.relativeDifference("\(size[0])x\(size[1]).\(name)", value) < 2e-5, "\(name)")
            }
        }
    }

    @Test("a photograph's picture is the reference's within one of 255, and its brightness is the reference's")
    func photographs() throws {
        let draw = try PaprikaPicture(path: file(), device: .cpu)
        for (index, size) in model.photographs.enumerated() {
            let photograph = try picture(90 + index, size)
            let plain = try draw(photograph, keepsBrightness: false)
            #expect((plain.height, plain.width) == PaprikaPicture.size(height: size[0], width: size[1]))
            let name = "\(size[0])x\(size[1])"
            #expect(
                try goldens.largestDifference(
                    "\(name).plain", Tensor(plain.pixels, shape: [plain.height, plain.width, 3])) <= 1)
            let factor = PaprikaPicture.factor(plain.pixels, as: photograph)
            #expect(try draw(photograph).pixels == PaprikaPicture.scaled(plain.pixels, by: factor))
            // Cut to bytes a second time, a difference of one may become two: this step is held to the reference by itself.
            let drawn = try goldens.tensor("\(name).plain").doubles().map { UInt8($0) }
            #expect(
                try PaprikaPicture.scaled(drawn, by: factor).map(Double.init)
                    == goldens.tensor("\(name).styled").doubles())
        }
    }

    @Test("sides below 256 become 256, others go down to a multiple of 32")
    func sizes() {
        for (side, wanted) in [(1, 256), (255, 256), (256, 256), (287, 256), (288, 288), (1080, 1056)] {
            #expect(PaprikaPicture.size(height: side, width: side) == (wanted, wanted))
        }
    }

    @Test("a file that lacks a tensor is named with the key")
    func badFile() throws {
        let path = try file(without: "block_c.2.layers.1.1.bias")
        let error = #expect(throws: (any Error).self) { try Paprika(path: path, device: .cpu) }
        #expect("\(error as Any)".contains("block_c.2.layers.1.1.bias"))
    }
}
