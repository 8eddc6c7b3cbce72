import ClipSampling
import Foundation
import TestSupport
import Testing

@testable import Media

/// What a header claims is held against the file's length before anything is reserved for it.
@Suite struct ClaimTests {
    let studio: Studio
    private let clip: [UInt8]
    private static let table = ["moov", "trak", "mdia", "minf", "stbl"]

    init() throws {
        studio = try Studio()
        clip = [UInt8](try Data(contentsOf: URL(filePath: try studio.counted("clip.mp4"))))
    }

    /// Version and flags, then numbers.
    private func full(_ numbers: UInt32...) -> [UInt8] { [0, 0, 0, 0] + numbers.flatMap(BoxSurgery.big) }

    private func edited(_ box: String, _ contents: [UInt8]) throws -> [UInt8] {
        try #require(BoxSurgery.replacing(Self.table + [box], with: contents, in: clip))
    }

    /// The clip with another box in the movie, behind its own.
    private func with(_ type: String, _ contents: [UInt8], in folder: [String] = ["moov"]) throws -> [UInt8] {
        let old = try #require(BoxSurgery.contents(folder, of: clip))
        return try #require(
            BoxSurgery.replacing(folder, with: Array(clip[old]) + BoxSurgery.box(type, contents), in: clip))
    }

    @Test("an mp4 that claims more samples than it has bytes is refused, wherever it says so")
    func samples() throws {
        let many: UInt32 = 50_000_000
        let bombs: [String: [UInt8]] = try [
            "one-byte": edited("stsz", full(1, many)), "no-bytes": edited("stsz", full(0, many)),
            "second-table": with("stsz", full(1, many)),
            "in-user-data": with("udta", BoxSurgery.box("stsz", full(1, many))),
            "in-free-space": clip
                + BoxSurgery.box("free", BoxSurgery.box("cmvd", BoxSurgery.box("stsz", full(1, many)))),
            "in-sample-entry": edited(
                "stsd",
                full(1)
                    + BoxSurgery.box("avc1", [UInt8](repeating: 0, count: 78) + BoxSurgery.box("stsz", full(1, many)))),
            "fragment": clip + BoxSurgery.box("moof", BoxSurgery.box("traf", BoxSurgery.box("trun", full(many)))),
        ]
        for (name, bytes) in bombs {
            let path = try studio.write("\(name).mp4", bytes)
            for body in [{ _ = try MediaInfo.probe(path) }, { _ = try VideoReader(path: path) }] as [() throws -> Void]
            {
                #expect(fails(.tooLarge, body), "\(name)")
            }
        }
        do {
            _ = try MediaInfo.probe(studio.path("one-byte.mp4"))
        } catch {
            #expect(error.found.contains("50000000 samples") && error.found.contains("bytes"), "\(error)")
        }
        let packed = try studio.write("packed.mov", try with("cmov", [UInt8](repeating: 0, count: 64)))
        #expect(fails(.unsupported) { _ = try MediaInfo.probe(packed) })
    }

    @Test(
        "sound that lies in chunks may count more samples than it has bytes, and may not make more pieces of its chunks"
    )
    func chunks() throws {
        let path = try studio.make("a.mov", "-f lavfi -i sine=d=0.05:r=8000 -c:a pcm_s16le")
        let sound = [UInt8](try Data(contentsOf: URL(filePath: path)))
        func with(_ box: String, _ contents: [UInt8], in bytes: [UInt8]) throws -> [UInt8] {
            try #require(BoxSurgery.replacing(Self.table + [box], with: contents, in: bytes))
        }
        func samples(_ bytes: [UInt8]) throws -> UInt64 {
            try MP4Claims(MediaFile(studio.write("b.mov", bytes))).samples
        }
        #expect(try samples(sound) < 16)
        // What old QuickTime files count is what the decoder gives.
        #expect(try samples(with("stsz", full(1, 1 << 30), in: sound)) < 16)
        // Durations of several kinds, or a picture: an entry for each.
        #expect(
            try samples(with("stsz", full(1, 1 << 30), in: with("stts", full(2, 1, 1, 1, 2), in: sound))) == 1 << 30)
        let long = try with("stsc", full(1, 1, 1 << 30, 1), in: with("stco", full(3, 36, 36, 36), in: sound))
        #expect(try samples(long) > 3 << 20)
        #expect(fails(.tooLarge) { _ = try MediaInfo.probe(studio.path("b.mov")) })
        let runs = try with("stsc", full(2, 1, 1, 1, 3, 1 << 30, 1), in: with("stco", full(3, 36, 36, 36), in: sound))
        #expect(try samples(runs) == 2 + (1 << 30) / 160 + 1)
    }

    @Test("edit lists that repeat a track many times over are refused, and ordinary ones are not")
    func editLists() throws {
        let edits: [UInt8] = (0..<60_000).flatMap { _ in [UInt32(1000), 0, 0x10000].flatMap(BoxSurgery.big) }
        let old = try #require(BoxSurgery.contents(["moov", "trak", "edts", "elst"], of: clip))
        #expect(!old.isEmpty)
        let bytes = try #require(
            BoxSurgery.replacing(["moov", "trak", "edts", "elst"], with: full(60_000) + edits, in: clip))
        #expect(fails(.tooLarge) { _ = try MediaInfo.probe(studio.write("edits.mp4", bytes)) })
        #expect(try MediaInfo.probe(studio.path("clip.mp4")).video?.duration == 2)
    }

    @Test("an image may have more pixels than a short file can hold only up to 4096×2048")
    func pixels() throws {
        #expect(Limits.pixels(inBytes: 100) == 1 << 23)
        #expect(Limits.pixels(inBytes: 1 << 40) == Limits.pixels && Limits.pixels(inBytes: .max) == Limits.pixels)
        let png = [UInt8](
            try Data(contentsOf: URL(filePath: try studio.make("a.png", "-f lavfi -i color=red:s=8x8 -frames:v 1"))))
        var bytes = png
        // 16000 × 16000 in some hundred bytes: within the limit of all pictures, and not in so few bytes.
        bytes.replaceSubrange(16..<24, with: [0, 0, 0x3E, 0x80, 0, 0, 0x3E, 0x80])
        bytes.replaceSubrange(29..<33, with: crc32(bytes[12..<29]))
        let path = try studio.write("empty.png", bytes)
        for body in [{ _ = try MediaInfo.probe(path) }, { _ = try ImageReader.read(path) }] as [() throws -> Void] {
            #expect(fails(.tooLarge, body))
        }
        // A page that is white all over is not refused for that.
        let page = try studio.make("page.png", "-f lavfi -i color=white:s=5000x3000,format=gray -frames:v 1")
        #expect(try MediaInfo.probe(page).video?.width == 5000)
    }

    @Test("a file of more streams than anyone would choose from is refused")
    func streams() throws {
        let track = try #require(BoxSurgery.contents(["moov", "trak"], of: clip))
        let movie = try #require(BoxSurgery.contents(["moov"], of: clip))
        let copies = (0..<120).flatMap { _ in BoxSurgery.box("trak", Array(clip[track])) }
        let bytes = try #require(BoxSurgery.replacing(["moov"], with: Array(clip[movie]) + copies, in: clip))
        do {
            _ = try MediaInfo.probe(studio.write("tracks.mp4", bytes))
            Issue.record("read")
        } catch let error as MediaError {
            #expect(error.kind == .tooLarge && error.found.contains("streams"), "\(error)")
        }
    }

    @Test("looking for what an mp4 claims ends with a number or an error, whatever its bytes")
    func fuzz() throws {
        var mutator = ByteMutator(seed: 77)
        var refused = 0
        for _ in 0..<300 {
            let path = try studio.write("fuzz.mp4", mutator.mutate(clip))
            let file = try MediaFile(path)
            do throws(MediaError) {
                try MP4Claims(file).check(size: file.size, path: path)
            } catch {
                refused += 1
            }
        }
        #expect(refused < 300)
    }
}
