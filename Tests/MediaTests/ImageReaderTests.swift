import ClipSampling
import Foundation
import Testing

@testable import Media

@Suite struct ImageReaderTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    /// A 3×2 picture whose pixels all differ, as PNG in several pixel formats.
    private func ppm() throws -> [UInt8] {
        let pixels: [UInt8] = (0..<18).map { UInt8($0 * 13 + 7) }
        _ = try studio.write("a.ppm", Array("P6\n3 2\n255\n".utf8) + pixels)
        return pixels
    }

    @Test func losslessFormatsAreExact() throws {
        let pixels = try ppm()
        for (name, options) in [
            ("rgb.png", ""), ("rgba.png", "-pix_fmt rgba"), ("a.bmp", ""), ("a.tiff", ""),
            ("l.webp", "-c:v libwebp -lossless 1"),
        ] {
            let image = try ImageReader.read(try studio.make(name, "-i a.ppm \(options)"))
            #expect(image == Image(width: 3, height: 2, pixels: pixels), "\(name)")
            #expect(try MediaInfo.probe(studio.path(name)).isImage, "\(name)")
        }
    }

    @Test("16-bit values lose their low byte and nothing else")
    func deepColour() throws {
        let pixels = try ppm()
        _ = try studio.write("deep.raw", pixels.flatMap { [$0, 0xC8] })
        _ = try studio.write(
            "alpha.raw", (0..<6).flatMap { i in (0..<3).flatMap { [pixels[i * 3 + $0], 0x37] } + [0, 9] })
        for (name, format) in [("deep", "rgb48be"), ("alpha", "rgba64be")] {
            let path = try studio.make(
                "\(name).png", "-f rawvideo -pix_fmt \(format) -s 3x2 -i \(name).raw -pix_fmt \(format)")
            #expect(try ImageReader.read(path).pixels == pixels, "\(name)")
        }
    }

    @Test("palettes and grey become RGB, and alpha is dropped")
    func paletteAndAlphaAndGrey() throws {
        let palette = try studio.make(
            "p.png", "-f lavfi -i 'color=red:s=4x4,format=rgba,colorchannelmixer=aa=0.5' -frames:v 1 -pix_fmt pal8")
        let image = try ImageReader.read(palette)
        #expect(image.width == 4 && image.pixels.count == 48)
        // Fully transparent red stays red: alpha is dropped, not composited.
        let clear = try studio.make(
            "t.png", "-f lavfi -i 'color=0xFE0000:s=2x2,format=rgba,colorchannelmixer=aa=0' -frames:v 1 -pix_fmt rgba")
        let red = try ImageReader.read(clear)
        #expect(red.pixels[0] > 0xF0 && red.pixels[1] < 4)
        let grey = try studio.make(
            "g.png", "-f lavfi -i 'color=white:s=2x2,format=gray,geq=lum=200' -frames:v 1 -pix_fmt gray")
        #expect(try ImageReader.read(grey).pixels == [UInt8](repeating: 200, count: 12))
        let deep = try studio.make(
            "g16.png", "-f lavfi -i 'color=white:s=2x2,format=gray16le,geq=lum=0x8123' -frames:v 1 -pix_fmt gray16be")
        #expect(try ImageReader.read(deep).pixels == [UInt8](repeating: 0x81, count: 12))
    }

    @Test("an image of one pixel can be read")
    func onePixel() throws {
        let image = try ImageReader.read(
            try studio.make("1.png", "-f lavfi -i color=0x336699:s=1x1,format=rgb24 -frames:v 1"))
        #expect(image.width == 1 && image.height == 1 && image.pixels.count == 3)
    }

    /// All eight orientations, against hand-written expectations on a 2×1 picture of left and right.
    @Test("an image is turned and mirrored as each of the eight EXIF orientations says")
    func exifOrientation() throws {
        _ = try studio.ffmpeg(
            "-f lavfi -i 'color=black:s=32x16,format=gray,geq=lum=if(lt(X\\,16)\\,30\\,if(lt(Y\\,8)\\,200\\,100))' -frames:v 1 -q:v 2 -pix_fmt yuvj444p plain.jpg"
        )
        let plain = [UInt8](try Data(contentsOf: studio.folder.appending(path: "plain.jpg")))
        // Corners of the stored picture: left 30 30, right 200 (top) 100 (bottom).
        // Expected (top left, top right, bottom left, bottom right) after turning.
        let expected: [[Int]] = [
            [30, 200, 30, 100], [200, 30, 100, 30], [100, 30, 200, 30], [30, 100, 30, 200],
            [30, 30, 200, 100], [30, 30, 100, 200], [100, 200, 30, 30], [200, 100, 30, 30],
        ]
        for tag in 1...8 {
            let tiff: [UInt8] =
                Array("Exif\0\0MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(tag), 0, 0]
                + [0, 0, 0, 0]
            let segment: [UInt8] = [0xFF, 0xE1, 0, UInt8(tiff.count + 2)] + tiff
            let image = try ImageReader.read(try studio.write("\(tag).jpg", plain[0..<2] + segment + plain[2...]))
            let (w, h) = (image.width, image.height)
            #expect(w == (tag < 5 ? 32 : 16) && h == (tag < 5 ? 16 : 32))
            let corners = [(2, 2), (w - 3, 2), (2, h - 3), (w - 3, h - 3)].map { x, y in
                Int(image.pixels[(y * w + x) * 3])
            }
            let near = zip(corners, expected[tag - 1]).allSatisfy { abs($0 - $1) < 12 }
            #expect(near, "orientation \(tag): \(corners)")
        }
    }

    @Test("every EXIF orientation equals its display matrix, and a broken matrix counts as upright")
    func orientationAlgebra() {
        let matrices: [[Int32]] = [
            [1, 0, 0, 1], [-1, 0, 0, 1], [-1, 0, 0, -1], [1, 0, 0, -1], [0, 1, 1, 0], [0, 1, -1, 0], [0, -1, -1, 0],
            [0, -1, 1, 0],
        ]
        for (i, m) in matrices.enumerated() {
            let full = [m[0] << 16, m[1] << 16, 0, m[2] << 16, m[3] << 16, 0, 0, 0, 1 << 30]
            #expect(Orientation(displayMatrix: full) == Orientation(exif: i + 1))
        }
        #expect(Orientation(exif: 6).degrees == 90 && Orientation(exif: 8).degrees == 270)
        #expect(Orientation(exif: 3).degrees == 180 && !Orientation(exif: 3).isMirrored)
        #expect(Orientation(exif: 2).isMirrored && Orientation(exif: 2).degrees == 0)
        // 45° and broken matrices count as upright.
        #expect(Orientation(displayMatrix: [46340, 46340, 0, -46340, 46340, 0, 0, 0, 1 << 30]) == .upright)
        #expect(Orientation(displayMatrix: [.min, 0, 0, 0, .min, 0, 0, 0, 0]).degrees == 180)
        #expect(Orientation(displayMatrix: []) == .upright)
    }

    @Test("a truncated PNG, JPEG or WebP is refused as corrupt")
    func truncatedImages() throws {
        for name in ["a.png", "a.jpg", "a.webp"] {
            let path = try studio.make(name, "-f lavfi -i testsrc2=s=64x64 -frames:v 1")
            let bytes = try Data(contentsOf: URL(filePath: path))
            let cut = try studio.write("cut-\(name)", bytes.prefix(bytes.count * 2 / 3))
            #expect(fails(.corrupt) { _ = try ImageReader.read(cut) }, "\(name)")
        }
    }
}
