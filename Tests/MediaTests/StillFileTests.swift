import ClipSampling
import Foundation
import TestSupport
import Testing

@testable import Media

/// Still images come out as they are meant to be seen, or not at all.
@Suite struct StillFileTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    /// An EXIF block, or the beginning of a TIFF, with an orientation.
    private func exif(_ tag: Int, little: Bool = false) -> [UInt8] {
        little
            ? Array("II".utf8) + [
                42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, UInt8(tag), 0, 0, 0, 0, 0, 0, 0,
            ]
            : Array("MM".utf8) + [
                0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(tag), 0, 0, 0, 0, 0, 0,
            ]
    }

    /// A TIFF of 8-bit RGB in one strip.
    private func tiff(_ width: Int, _ height: Int, _ strip: [UInt8], compression: Int = 1, orientation: Int = 1)
        -> [UInt8]
    {
        let tags: [(Int, Int, Int)] = [
            (256, 3, width), (257, 3, height), (258, 3, 8), (259, 3, compression), (262, 3, compression == 7 ? 6 : 2),
            (273, 4, 134), (274, 3, orientation), (277, 3, 3), (278, 3, height), (279, 4, strip.count),
        ]
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        let entries = tags.flatMap { tag, type, value in
            little(tag, 2) + little(type, 2) + little(1, 4) + little(value, 4)
        }
        return Array("II".utf8) + [42, 0, 8, 0, 0, 0] + little(tags.count, 2) + entries + little(0, 4) + strip
    }

    /// A PNG with another chunk in front of its pixels.
    private func png(_ name: String, with type: String, _ contents: [UInt8]) throws -> [UInt8] {
        let plain = [UInt8](try Data(contentsOf: URL(filePath: studio.path(name))))
        let body = Array(type.utf8) + contents
        return plain[..<33] + BoxSurgery.big(UInt32(contents.count)) + body + crc32(body) + plain[33...]
    }

    private func upright() throws -> Image {
        try ImageReader.read(try studio.make("plain.png", "-f lavfi -i testsrc2=s=12x8,format=rgb24 -frames:v 1"))
    }

    @Test("a PNG and a TIFF are turned by their EXIF orientation, each of the eight, in either order of bytes")
    func exifOrientation() throws {
        let plain = try upright()
        for tag in 1...8 {
            let expected = Orientation(exif: tag).apply(to: plain)
            for little in [false, true] {
                let path = try studio.write("\(tag).png", try png("plain.png", with: "eXIf", exif(tag, little: little)))
                #expect(try ImageReader.read(path) == expected, "PNG \(tag)")
                let video = try #require(try MediaInfo.probe(path).video)
                #expect(video.width == expected.width && video.height == expected.height)
            }
            let path = try studio.write("\(tag).tiff", tiff(12, 8, plain.pixels, orientation: tag))
            #expect(try ImageReader.read(path) == expected, "TIFF \(tag)")
        }
        // Chunks that say nothing, or nonsense, turn nothing.
        for contents in [[], Array("MM".utf8), exif(9), [UInt8](repeating: 0xFF, count: 40)] as [[UInt8]] {
            let path = try studio.write("odd.png", try png("plain.png", with: "eXIf", contents))
            #expect(try ImageReader.read(path) == plain)
        }
    }

    /// An AVIF whose main picture also has these properties.
    private func avif(_ properties: [(String, UInt8)]) throws -> [UInt8] {
        let path = try studio.make(
            "plain.avif",
            "-f lavfi -i testsrc2=s=64x48 -frames:v 1 -c:v libaom-av1 -still-picture 1 -cpu-used 8 -crf 20 -pix_fmt yuv420p"
        )
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        // `meta` is a box with version and flags before its children: they are hidden for as long as it is searched.
        let meta = try #require(MP4Boxes.first("meta", in: bytes, bytes.indices))
        let inside = (meta.lowerBound + 4)..<meta.upperBound
        let iprp = try #require(MP4Boxes.first("iprp", in: bytes, inside))
        let ipco = try #require(MP4Boxes.first("ipco", in: bytes, iprp))
        let ipma = try #require(MP4Boxes.first("ipma", in: bytes, iprp))
        let iloc = try #require(MP4Boxes.first("iloc", in: bytes, inside))
        let count = MP4Boxes.all(in: bytes, ipco).count
        let added = properties.flatMap { BoxSurgery.box($0.0, [$0.1]) }
        let places = properties.indices.map { UInt8(count + 1 + $0) }
        let change = added.count + places.count
        // From the end to the beginning, so that places stay right.
        func lengthen(_ box: Range<Int>, by more: Int) {
            bytes.replaceSubrange(
                box.lowerBound - 8..<box.lowerBound - 4, with: BoxSurgery.big(UInt32(box.count + 8 + more)))
        }
        bytes.insert(contentsOf: places, at: ipma.upperBound)
        bytes[ipma.lowerBound + 10] += UInt8(places.count)
        lengthen(ipma, by: places.count)
        bytes.insert(contentsOf: added, at: ipco.upperBound)
        lengthen(ipco, by: added.count)
        lengthen(iprp, by: change)
        lengthen(meta, by: change)
        // The picture lies behind: its place is the last but one of the four-byte numbers of `iloc`.
        let place = iloc.upperBound - 8
        let offset = try #require(MP4Boxes.number(place, bytes: 4, iloc, bytes))
        bytes.replaceSubrange(place..<place + 4, with: BoxSurgery.big(UInt32(offset) + UInt32(change)))
        return bytes
    }

    @Test("an AVIF is turned and mirrored by its properties, in their order")
    func avifOrientation() throws {
        let plain = try ImageReader.read(try studio.write("0.avif", try avif([])))
        for (properties, steps) in [
            ([("irot", UInt8(1))], [8]), ([("irot", 2)], [3]), ([("irot", 3)], [6]), ([("imir", 0)], [4]),
            ([("imir", 1)], [2]), ([("irot", 1), ("imir", 0)], [8, 4]), ([("imir", 0), ("irot", 1)], [4, 8]),
        ] as [([(String, UInt8)], [Int])] {
            let expected = steps.reduce(plain) { Orientation(exif: $1).apply(to: $0) }
            let path = try studio.write("1.avif", try avif(properties))
            #expect(try ImageReader.read(path) == expected, "\(properties)")
            #expect(try MediaInfo.probe(path).video?.width == expected.width)
        }
    }

    @Test("one orientation after another is what applying both gives")
    func composition() throws {
        let plain = try upright()
        for first in 1...8 {
            for second in 1...8 {
                let (a, b) = (Orientation(exif: first), Orientation(exif: second))
                #expect(a.followed(by: b).apply(to: plain) == b.apply(to: a.apply(to: plain)))
            }
        }
    }

    @Test("pixels that FFmpeg cannot unpack are an error, not a black image")
    func unsupportedCompression() throws {
        _ = try studio.make("a.jpg", "-f lavfi -i testsrc2=s=16x16 -frames:v 1 -pix_fmt yuvj444p")
        let jpeg = [UInt8](try Data(contentsOf: URL(filePath: studio.path("a.jpg"))))
        let path = try studio.write("jpeg.tiff", tiff(16, 16, jpeg, compression: 7))
        for body in [{ _ = try MediaInfo.probe(path) }, { _ = try ImageReader.read(path) }] as [() throws -> Void] {
            #expect(fails(.unsupported, body))
        }
        do {
            _ = try MediaInfo.probe(path)
        } catch {
            #expect(error.found.contains("TIFF whose pixels are compressed by JPEG"), "\(error)")
        }
    }

    @Test("an image whose pixels end early is an error, not black in its lower part")
    func missingPixels() throws {
        let plain = try upright()
        // Two thirds of the rows, in whole files with the right lengths: a strip, and deflated data without checksums gone.
        let rows = try studio.write("short.tiff", tiff(12, 8, Array(plain.pixels.prefix(12 * 3 * 5))))
        #expect(fails(.corrupt) { _ = try ImageReader.read(rows) })
        let png = [UInt8](try Data(contentsOf: URL(filePath: studio.path("plain.png"))))
        // The header says that there are eight rows more than are packed.
        var taller = png
        taller.replaceSubrange(20..<24, with: [0, 0, 0, 16])
        taller.replaceSubrange(29..<33, with: crc32(taller[12..<29]))
        #expect(fails(.corrupt) { _ = try ImageReader.read(studio.write("taller.png", taller)) })
        for (name, codec) in [
            ("a.tiff", "-compression_algo lzw"), ("a.bmp", ""), ("a.ppm", ""), ("a.qoi", ""), ("a.gif", ""),
        ] {
            let path = try studio.make(name, "-f lavfi -i testsrc2=s=200x150,format=rgb24 -frames:v 1 \(codec)")
            let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
            #expect(try ImageReader.read(path).height == 150)
            let cut = try studio.write("cut-\(name)", whole.prefix(whole.count * 2 / 3))
            #expect(throws: MediaError.self, "\(name)") { try ImageReader.read(cut) }
        }
    }

    @Test("HEIC, an animated WebP and a cover are each refused with a sentence of their own")
    func ownSentences() throws {
        func found(_ path: String, _ body: (String) throws -> Void) -> String {
            do {
                try body(path)
                return "read"
            } catch let error as MediaError {
                return "\(error.kind.rawValue): \(error.found)"
            } catch {
                return "\(error)"
            }
        }
        func looked(_ path: String) -> String { found(path) { _ = try MediaInfo.probe($0) } }
        let heic =
            BoxSurgery.box("ftyp", Array("heic".utf8) + [0, 0, 0, 0] + Array("mif1heic".utf8))
            + BoxSurgery.box("meta", [UInt8](repeating: 0, count: 40)) + BoxSurgery.box("mdat", [1, 2, 3, 4])
        #expect(looked(try studio.write("a.heic", heic)).contains("HEIC"))
        let moving = try studio.make("a.webp", "-f lavfi -i testsrc2=s=32x32:r=5:d=1 -c:v libwebp_anim -loop 0")
        #expect(looked(moving).hasPrefix("unsupported: it is an animated WebP"))
        _ = try studio.make("cover.png", "-f lavfi -i color=red:s=64x64 -frames:v 1")
        let song = try studio.make(
            "song.mp4", "-f lavfi -i sine=d=1 -i cover.png -map 0 -map 1 -c:v mjpeg -disposition:v attached_pic")
        let info = try MediaInfo.probe(song)
        #expect(info.video == nil && info.audio != nil && info.audioFault == nil)
        #expect(info.videoFault?.found.contains("cover") ?? false)
        #expect(found(song) { _ = try VideoReader(path: $0) }.contains("cover"))
    }

    @Test(
        "an image that is cut off is known without decoding it",
        arguments: ["a.png", "a.jpg", "a.webp", "thumbnail.jpg"])
    func cutImages(name: String) throws {
        var bytes = [UInt8](
            try Data(
                contentsOf: URL(
                    filePath: try studio.make(
                        name,
                        "-f lavfi -i testsrc2=s=200x200 -vf noise=alls=60 -frames:v 1 \(name == "a.webp" ? "-c:v libwebp" : "")"
                    ))))
        if name == "thumbnail.jpg" {
            // A camera's file: a small picture, with an end mark of its own, in front of the large one.
            _ = try studio.make("small.jpg", "-f lavfi -i testsrc2=s=16x16 -frames:v 1")
            let small = [UInt8](try Data(contentsOf: URL(filePath: studio.path("small.jpg"))))
            let block = Array("Exif\0\0".utf8) + exif(1) + small
            bytes =
                bytes[..<2] + [0xFF, 0xE1, UInt8((block.count + 2) >> 8), UInt8((block.count + 2) & 255)] + block
                + bytes[2...]
        }
        let whole = try studio.write("whole-\(name)", bytes)
        #expect(try MediaInfo.probe(whole).isImage && ImageReader.read(whole).width == 200)
        for count in [bytes.count * 2 / 3, bytes.count - 3] {
            let cut = try studio.write("cut-\(name)", bytes.prefix(count))
            for body in [{ _ = try MediaInfo.probe(cut) }, { _ = try ImageReader.read(cut) }] as [() throws -> Void] {
                #expect(fails(.corrupt, body), "\(name) at \(count) of \(bytes.count)")
            }
        }
    }

    @Test("tags and properties of any bytes are read without a crash")
    func fuzz() throws {
        var mutator = ByteMutator(seed: 11)
        let avif = try avif([("irot", 1), ("imir", 0)])
        let picture = try upright()
        let seeds = [
            avif, tiff(12, 8, picture.pixels, orientation: 6), try png("plain.png", with: "eXIf", exif(6)),
            [UInt8](
                try Data(
                    contentsOf: URL(filePath: try studio.make("a.jpg", "-f lavfi -i testsrc2=s=24x24 -frames:v 1")))),
        ]
        var turned = 0
        for round in 0..<400 {
            let seed = seeds[round % seeds.count]
            let path = try studio.write("fuzz", mutator.mutate(Array(seed.prefix(400))) + seed.dropFirst(400))
            let file = try MediaFile(path)
            _ = try AVIFProperties(file)
            _ = try PNGChunks(file)
            _ = try JPEGSegments.isWhole(file)
            let tags = try TIFFTags(
                size: file.size, read: { place, count throws(MediaError) in try file.bytes(at: place, count: count) })
            if tags?.orientation == 6 { turned += 1 }
        }
        #expect(turned > 0)
    }
}
