import ClipSampling
import Goldens
import Method
import TestSupport
import Testing
import Torch

@testable import Networks

/// Pictures and frames against Pillow and the reference.
@Suite struct VisionInputTests {
    struct Goldens: Decodable, Sendable {
        struct Item: Decodable, Sendable, CustomTestStringConvertible {
            let width: Int
            let height: Int
            let seed: UInt64
            let hash: String?
            var testDescription: String { "\(width)x\(height)" }

            func picture(frame: Int = 0) throws -> Image {
                let size = width * height * 3
                var random = SplitMix64(seed: seed)
                let bytes = random.bytes((frame + 1) * size)
                return try #require(Image(width: width, height: height, pixels: Array(bytes[(frame * size)...])))
            }
        }

        let pictures: [Item]
        let clips: [Item]

        static let all = Result { try Fixtures.goldens.description(Self.self, of: "inputs") }
    }

    static let pictures = (try? Goldens.all.get().pictures) ?? []
    static let clips = (try? Goldens.all.get().clips) ?? []

    @Test func goldensAreThere() throws {
        #expect(try Goldens.all.get().pictures.count >= 12)
        #expect(try Goldens.all.get().clips.count >= 8)
    }

    @Test(arguments: pictures) func resizesAsPillowDoes(_ item: Goldens.Item) throws {
        let picture = try item.picture()
        let square = PillowResize.shortSide(picture, to: 224)
        #expect(square.width == 224 && square.height == 224)
        #expect(FNV1a.hex(square.pixels) == item.hash)
        let input = try ImageBindVisionInput.image(picture)
        #expect(input.shape == [1, 3, 224, 224])
        #expect(try Fixtures.goldens.units("inputs").largestDifference("picture.\(item.testDescription)", input) < 1e-6)
    }

    @Test func aSideOf224IsOnlyCropped() throws {
        var random = SplitMix64(seed: 1)
        let picture = try #require(Image(width: 224, height: 300, pixels: random.bytes(224 * 300 * 3)))
        let square = PillowResize.shortSide(picture, to: 224)
        #expect(square.pixels[...] == picture.pixels[(38 * 224 * 3)..<(262 * 224 * 3)])
    }

    @Test("clips of frames are prepared as the reference prepares them", arguments: clips)
    func framesAsTheReference(_ item: Goldens.Item) throws {
        let goldens = try Fixtures.goldens.units("inputs")
        let frames = try (0..<3).map { try item.picture(frame: $0) }
        let input = try ImageBindVisionInput.clips([[frames[0], frames[1]], [frames[1], frames[2]]])
        #expect(input.shape == [1, 2, 3, 2, 224, 224])
        #expect(try goldens.relativeDifference("clips.\(item.testDescription)", input) < 2e-6)
    }

    /// The same transform carries the gradient to generated frames.
    @Test("the gradient of generated frames is the reference's", arguments: clips)
    func gradientOfFrames(_ item: Goldens.Item) throws {
        let frames = try (0..<3).map { index in
            try Tensor(item.picture(frame: index).pixels, shape: [item.height, item.width, 3]).permute([2, 0, 1])
        }
        let leaf = try (Tensor.stack(frames).to(.float32) * (1 / 255.0)).leaf()  // (3, 3, H, W)
        let y = try ImageBindVisionInput(height: item.height, width: item.width, device: .cpu)(leaf)
        let gradient = try Autograd.gradients(of: (y * randn(12, [3, 3, 224, 224])).sum(), [leaf])[0]
        #expect(
            try Fixtures.goldens.units("inputs").relativeDifference("clips.\(item.testDescription).gradient", gradient)
                < 5e-6)
    }

    @Test(
        "resizing by products gives the kernel's frames and gradients",
        arguments: [
            (33, 50, 224, 339), (300, 224, 300, 224), (64, 64, 224, 224), (500, 224, 224, 224), (224, 9, 224, 224),
        ],
        [false, true])
    func products(_ sizes: (Int, Int, Int, Int), antialias: Bool) throws {
        let (from, to) = ((sizes.0, sizes.1), (sizes.2, sizes.3))
        let x = try randn(1, [2, 3, from.0, from.1]).leaf()
        let weight = try randn(2, [2, 3, to.0, to.1])
        let (kernel, products) = (
            try LinearResize(from: from, to: to, antialias: antialias, device: .cpu, method: .kernel)(x),
            try LinearResize(from: from, to: to, antialias: antialias, device: .cpu, method: .products)(x)
        )
        // A place among hundreds is a number in single precision: a fused product in the kernel moves it by 1e-5.
        #expect(try (kernel - products).maxAbs() < 5e-5)
        let gradients = try [kernel, products].map { try Autograd.gradients(of: ($0 * weight).sum(), [x])[0] }
        #expect(try (gradients[0] - gradients[1]).maxAbs() < 2e-5)
    }

    @Test("an image needs sides above 0 and as many bytes as they say")
    func whatIsNoImage() {
        #expect(Image(width: 0, height: 3, pixels: []) == nil)
        #expect(Image(width: 2, height: 2, pixels: [UInt8](repeating: 0, count: 11)) == nil)
        #expect(Image(width: -2, height: -2, pixels: [UInt8](repeating: 0, count: 12)) == nil)
        #expect(Image(width: .max, height: 2, pixels: []) == nil)
    }

    @Test func framesOfDifferentSizesAreRefused() throws {
        let small = try #require(Image(width: 2, height: 2, pixels: [UInt8](repeating: 0, count: 12)))
        let tall = try #require(Image(width: 1, height: 2, pixels: [UInt8](repeating: 0, count: 6)))
        #expect(throws: TorchError.self) { try ImageBindVisionInput.clips([[small, tall]]) }
        #expect(throws: TorchError.self) { try ImageBindVisionInput.clips([]) }
    }
}
