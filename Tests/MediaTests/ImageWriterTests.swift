import ClipSampling
import Foundation
import TestSupport
import Testing

@testable import Media

@Suite struct ImageWriterTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    private func noise(_ width: Int, _ height: Int) -> Image {
        var random = SplitMix64(seed: 5)
        return Image(width: width, height: height, pixels: random.bytes(width * height * 3))!
    }

    /// Slow changes, as photographs have, with strong colours.
    private func slope(_ width: Int, _ height: Int) -> Image {
        let pixels = (0..<width * height).flatMap { i -> [UInt8] in
            let (x, y) = (i % width, i / width)
            return [UInt8(x * 255 / width), UInt8(y * 255 / height), UInt8(255 - x * 255 / width)]
        }
        return Image(width: width, height: height, pixels: pixels)!
    }

    @Test(arguments: [(1, 1), (3, 2), (64, 48), (127, 33)]) func pngComesBackBitByBit(width: Int, height: Int) throws {
        let image = noise(width, height)
        let bytes = try ImageWriter.encode(image, as: .png)
        #expect(try ImageWriter.encode(image, as: .png) == bytes)
        let path = try studio.write("a.png", bytes)
        #expect(try ImageReader.read(path) == image)
        #expect(try studio.ffmpeg("-i a.png -pix_fmt rgb24 -f rawvideo -") == Data(image.pixels))
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("tEXt") && !text.contains("tIME") && !text.contains("Lavc"))
        #expect(try studio.ffprobe("a.png", "codec_name,width,height,pix_fmt") == "png,\(width),\(height),rgb24")
    }

    @Test(arguments: [(1, 1), (3, 2), (64, 48), (127, 33)]) func jpegComesClose(width: Int, height: Int) throws {
        let image = slope(width, height)
        let bytes = try ImageWriter.encode(image, as: .jpeg(quality: 95))
        #expect(try ImageWriter.encode(image, as: .jpeg(quality: 95)) == bytes)
        #expect(bytes.starts(with: [0xFF, 0xD8]) && bytes.suffix(2) == [0xFF, 0xD9])
        #expect(!String(decoding: bytes, as: UTF8.self).contains("Lavc"))
        let back = try ImageReader.read(studio.write("a.jpg", bytes))
        #expect(back.width == width && back.height == height)
        let worst = zip(back.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(worst <= 12, "\(width)×\(height): \(worst)")
        #expect(
            try studio.ffprobe("a.jpg", "codec_name,width,height,pix_fmt,color_range")
                == "mjpeg,\(width),\(height),yuvj444p,pc")
    }

    @Test(
        "black, white, grey and the primaries keep their values in a JPEG",
        arguments: [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [128, 128, 128]])
    func jpegColours(colour: [UInt8]) throws {
        let image = Image(width: 16, height: 16, pixels: [UInt8](repeatElement(colour, count: 256).joined()))!
        let back = try ImageReader.read(studio.write("c.jpg", ImageWriter.encode(image, as: .jpeg(quality: 100))))
        #expect(zip(back.pixels, image.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 3 }, "\(back.pixels.prefix(3))")
    }

    @Test func qualityDecidesTheSize() throws {
        let image = noise(64, 64)
        let sizes = try [1, 25, 50, 75, 100].map { try ImageWriter.encode(image, as: .jpeg(quality: $0)).count }
        #expect(sizes == sizes.sorted() && Set(sizes).count == sizes.count, "\(sizes)")
        #expect([-5, 0, 1, 100, 101].map(ImageWriter.quantiser) == [31, 31, 31, 1, 1])
        #expect(try ImageWriter.encode(image, as: .jpeg(quality: 900)).count == sizes[4])
    }

    @Test("the name decides the format, and an image too wide is refused")
    func namesAndLimits() {
        #expect(ImageWriter.Format(fileName: "a/b.PNG") == .png)
        #expect(ImageWriter.Format(fileName: "x.y.jpeg") == .jpeg(quality: 95))
        #expect(ImageWriter.Format(fileName: "frame.webp") == nil && ImageWriter.Format(fileName: "frame") == nil)
        #expect(ImageWriter.Format(fileName: "") == nil)
        let wide = Image(width: 65_501, height: 1, pixels: [UInt8](repeating: 0, count: 196_503))!
        for format in [ImageWriter.Format.png, .jpeg(quality: 50)] {
            #expect(fails(.invalidInput) { _ = try ImageWriter.encode(wide, as: format) })
        }
    }
}
