import ClipSampling
import Foundation
import Media
import TestSupport
import Testing

@testable import Report

@Suite struct SoundDrawingTests {
    @Test("a tone that begins in the middle is drawn there, and its onset is marked")
    func tone() throws {
        let folder = try TemporaryFolder()
        let samples = (0..<32_000).map {
            $0 < 16_000 ? 0 : Float(0.5 * sin(2 * Double.pi * 1000 * Double($0) / 16_000))
        }
        let audio = try #require(PlanarAudio(sampleRate: 16_000, channels: [samples]))
        let path = folder.url.appending(path: "a.flac").path
        try Data(AudioWriter.encode(audio, as: .flac)).write(to: URL(filePath: path))
        let drawn = try SoundDrawing(path)
        #expect(abs(drawn.seconds - 2) < 1e-3 && drawn.wave.count == 480)
        #expect(drawn.wave[..<200].allSatisfy { $0 == 0 } && drawn.wave[260...].min() == -50)
        #expect(drawn.wave.max() == 50)
        #expect(drawn.onsets.count == 1 && abs((drawn.onsets.first ?? 0) - 1) < 0.06, "\(drawn.onsets)")
        let picture = folder.url.appending(path: "mel.png").path
        try Data(drawn.mel).write(to: URL(filePath: picture))
        let image = try ImageReader.read(picture)
        #expect(image.height == 128 && image.width == 1 + 44_100 / 512)
        /// How light the lightest pixel of a column is, of 765, and where it is, from the bottom.
        func column(_ x: Int) -> (light: Int, place: Int) {
            let light = (0..<128).map { y in
                (0..<3).map { Int(image.pixels[3 * ((127 - y) * image.width + x) + $0]) }.reduce(0, +)
            }
            return (light.max() ?? 0, light.firstIndex(of: light.max() ?? 0) ?? 0)
        }
        #expect(column(10).light == 34 && column(70).light > 650)
        // 1 kHz is bin 39 of 128 on Slaney's scale up to 11 025 Hz.
        #expect((37...41).contains(column(70).place), "\(column(70).place)")

        let part = try SoundDrawing(path, start: 1, duration: 0.5)
        #expect(abs(part.seconds - 0.5) < 1e-3 && part.wave[..<4].max() == 50)
    }

    @Test("a folder of media has one file for each, and names that a page can call")
    func store() throws {
        let folder = try TemporaryFolder()
        var store = FolderMedia(folder: folder.path)
        #expect(try store.keep([1, 2], as: "1/a#b.png") == "media/1/a%23b.png")
        #expect(try Array(folder.read("media/1/a#b.png")) == [1, 2])
        var inline = InlineMedia()
        #expect(try inline.keep([1, 2], as: "a.flac") == "data:audio/flac;base64,AQI=")
    }
}
