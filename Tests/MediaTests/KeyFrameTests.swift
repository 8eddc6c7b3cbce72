import ClipSampling
import Foundation
import Testing

@testable import Media

/// Clips whose right answer is known.
@Suite struct KeyFrameTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    /// `count` frames at 20 per second of a still, colourful picture, lossless; `filter` changes some of them.
    private func clip(_ name: String, _ count: Int, _ filter: String = "null") throws -> String {
        // One frame of a pattern with edges everywhere and brightness in the middle, repeated.
        try studio.make(
            name,
            "-f lavfi -i testsrc2=s=96x64:r=20 -vf 'select=eq(n\\,0),loop=loop=-1:size=1,setpts=N/20/TB,\(filter)' "
                + "-frames:v \(count) -r 20 -c:v ffv1 -pix_fmt bgr0")
    }

    private func totals(_ frame: KeyFrame) -> [Double] { frame.candidates.map(\.scores.total) }

    @Test func aSteadyClipGivesItsMiddle() throws {
        let path = try clip("steady.mkv", 21)
        let chosen = try KeyFrames.choose(path: path)
        #expect(chosen.candidates.count == 21 && Set(totals(chosen)).count == 1)
        #expect(chosen.index == 10 && chosen.time == Fraction(1, 2))
        #expect(chosen.candidates.allSatisfy { $0.scores.stability == 1 && $0.scores.sharpness == 1 })
        #expect(try chosen.image == VideoReader(path: path).frames(at: [10])[0])
    }

    @Test("the only frame of a clip is its key frame")
    func oneFrame() throws {
        let chosen = try KeyFrames.choose(path: try clip("one.mkv", 1))
        #expect(chosen.index == 0 && chosen.time == 0 && chosen.candidates.count == 1)
        #expect(chosen.image.width == 96 && chosen.image.height == 64)
    }

    @Test func blurredFramesLose() throws {
        let path = try clip("blur.mkv", 24, "boxblur=4:enable=lt(n\\,18)")
        let chosen = try KeyFrames.choose(path: path)
        #expect(chosen.index >= 18, "\(totals(chosen))")
        let sharp = chosen.candidates.map(\.scores.sharpness)
        #expect(sharp[..<18].allSatisfy { $0 < 0.5 } && sharp[18...].allSatisfy { $0 == 1 })
    }

    @Test func blackAndTheFadeOutOfItLose() throws {
        let chosen = try KeyFrames.choose(path: try clip("fade.mkv", 30, "fade=in:4:16"))
        #expect(chosen.index > 20, "\(totals(chosen))")
        #expect(chosen.candidates[0].scores.brightness == 0)
        #expect(totals(chosen)[12] < totals(chosen)[25], "in the fade")
    }

    @Test func aFlashLoses() throws {
        let chosen = try KeyFrames.choose(
            path: try clip("flash.mkv", 21, "drawbox=color=white:t=fill:enable=eq(n\\,10)"))
        let totals = totals(chosen)
        #expect(totals.min() == totals[10] && chosen.candidates[10].scores.brightness == 0)
        // Its neighbours are as good in themselves, but not inside of a stable passage.
        #expect(![9, 10, 11].contains(chosen.index), "\(totals)")
        #expect(totals[9] < totals[5] && totals[11] < totals[15])
    }

    @Test func flatFramesLose() throws {
        let chosen = try KeyFrames.choose(
            path: try clip("flat.mkv", 20, "drawbox=color=gray:t=fill:enable=lt(n\\,12)"))
        #expect(chosen.index > 12, "\(totals(chosen))")
        #expect(chosen.candidates[3].measures.contrast < 0.01)
    }

    /// Two passages that are equally sharp and nearly equally bright: not beside the cut.
    @Test func aCutIsAvoided() throws {
        let chosen = try KeyFrames.choose(path: try clip("cut.mkv", 24, "hue=h=120:enable=gte(n\\,12)"))
        #expect(chosen.index != 11 && chosen.index != 12, "\(totals(chosen))")
        let stability = chosen.candidates.map(\.scores.stability)
        #expect(stability[11] < 0.95 && stability[12] == stability[11])
        #expect(stability[..<11].allSatisfy { $0 == 1 } && stability[13...].allSatisfy { $0 == 1 })
    }

    /// In a dissolve both neighbours differ; beside a cut only one does.
    @Test func aTransitionIsWorseThanACut() throws {
        func picture(_ colours: [UInt8]) -> FrameThumbnail {
            let pixels = colours.flatMap { [$0, $0, $0] }
            return FrameThumbnail(Image(width: colours.count, height: 1, pixels: pixels)!)
        }
        let (a, b, c) = (picture([0, 50]), picture([100, 150]), picture([200, 255]))
        let change = KeyFrameScale.measures([a, a, b, c, c]).map(\.colourChange)
        #expect(change == [0, 0.5, 1, 0.5, 0])
    }

    @Test("the distance of two images' colours runs from 0 to 1, whatever their sizes")
    func colourDistance() {
        func histogram(_ value: UInt8, _ count: Int = 4) -> ColourHistogram {
            ColourHistogram([UInt8](repeating: value, count: count * 3))
        }
        #expect(histogram(7).distance(to: histogram(7)) == 0)
        #expect(histogram(0).distance(to: histogram(255)) == 1)
        #expect(histogram(9).distance(to: histogram(9, 12)) < 1e-12, "pictures of two sizes")
        // A little brighter is a little away: 17 values make one bin.
        #expect(abs(histogram(34).distance(to: histogram(38)) - 4.0 / 17) < 1e-12)
        #expect(ColourHistogram([0, 0, 0]).distance(to: ColourHistogram([255, 0, 0])) == 1.0 / 3)
    }

    @Test("sharpness, brightness and contrast of known images are as computed by hand")
    func measuresOfKnownImages() {
        // A checkerboard: the Laplacian is ±4·255.
        func board(_ side: Int) -> Image {
            var pixels: [UInt8] = []
            for y in 0..<side {
                for x in 0..<side { pixels += [UInt8](repeating: (x + y) % 2 == 0 ? 0 : 255, count: 3) }
            }
            return Image(width: side, height: side, pixels: pixels)!
        }
        let thumbnail = FrameThumbnail(board(8))
        #expect(thumbnail.sharpness == 1020 * 1020)
        #expect(thumbnail.brightness == 0.5 && thumbnail.contrast == 0.5)
        // Halved in size, it is grey.
        let small = FrameThumbnail(board(320))
        #expect(small.sharpness == 0 && small.contrast == 0 && abs(small.brightness - 0.5) < 0.003)
        let line = FrameThumbnail(Image(width: 1000, height: 1, pixels: [UInt8](repeating: 9, count: 3000))!)
        #expect(line.sharpness == 0 && abs(line.brightness - 9.0 / 255) < 1e-9)
    }

    @Test("scores follow the measures, and of equal ones the middle is chosen")
    func scoresAndTies() {
        func measured(_ v: Double, _ m: Double, _ s: Double, _ d: Double) -> KeyFrame.Measures {
            KeyFrame.Measures(sharpness: v, brightness: m, contrast: s, colourChange: d)
        }
        let scores = KeyFrameScale.scores([
            measured(400, 0.5, 0.2, 0), measured(100, 0.12, 0.05, 0.5), measured(0, 0.01, 0, 1),
            measured(400, 0.98, 0.2, 0),
        ])
        #expect(scores[0].total == 1)
        #expect(abs(scores[1].sharpness - 0.5) < 1e-12 && abs(scores[1].brightness - 0.25) < 1e-12)
        #expect(scores[1].total == 0.425)
        #expect(scores[2].total == 0 && scores[3].brightness == 0 && scores[3].total == 0.7)
        // Without an edge anywhere, sharpness does not tell them apart.
        #expect(KeyFrameScale.scores([measured(0, 0.5, 0, 0)])[0].sharpness == 1)
        func choice(_ totals: [Double]) -> Int {
            KeyFrameScale.choice(
                totals.map { KeyFrame.Scores(sharpness: 0, brightness: 0, stability: 0, total: $0) })
        }
        #expect(choice([1, 1, 1]) == 1 && choice([1, 1, 1, 1]) == 1 && choice([0.5, 0.4, 0.5]) == 0)
        #expect(choice([0.1, 0.2, 0.3]) == 2 && choice([0, 1, 0, 0, 1, 1]) == 1 && choice([3]) == 0)
    }

    @Test func candidatesAreEvenInTime() {
        let steady = (0..<100).map { Fraction($0, 20) }
        #expect(KeyFrames.candidates(times: steady, duration: 5, limit: 4) == [12, 37, 62, 87])
        #expect(KeyFrames.candidates(times: steady, duration: 5, limit: 200) == Array(0..<100))
        #expect(KeyFrames.candidates(times: steady, duration: 5, limit: 32).count == 32)
        #expect(KeyFrames.candidates(times: steady, duration: 5, limit: 0) == [50])
        // Ten frames in the first second, then one that stays for nine: it is on screen at all other moments.
        let slow = (0..<10).map { Fraction($0, 10) } + [1]
        #expect(KeyFrames.candidates(times: slow, duration: 10, limit: 10) == [5, 10])
    }

    @Test func windowsCountInTheFile() throws {
        let path = try studio.counted("long.mp4")
        let chosen = try KeyFrames.choose(path: path, start: 1, duration: Fraction(1, 2), limit: 5)
        #expect(chosen.candidates.map(\.index) == [21, 23, 25, 27, 29])
        #expect(chosen.candidates.map(\.time) == [21, 23, 25, 27, 29].map { Fraction($0, 20) })
        #expect(try chosen.image == VideoReader(path: path).frames(at: [chosen.index])[0])
        // Given back as the start, the time meets the frame.
        #expect(
            try VideoReader(path: path, start: chosen.time, duration: Fraction(1, 100)).frames(at: [0])[0]
                == chosen.image)
        let again = try KeyFrames.choose(path: path, start: 1, duration: Fraction(1, 2), limit: 5)
        #expect(again.candidates == chosen.candidates && again.image == chosen.image)
        #expect(fails(.outOfRange) { _ = try KeyFrames.choose(path: path, start: 2) })
        #expect(fails(.notFound) { _ = try KeyFrames.choose(path: studio.path("none.mp4")) })
        let still = try studio.make("still.png", "-f lavfi -i color=red:s=8x8 -frames:v 1")
        #expect(fails(.unsupported) { _ = try KeyFrames.choose(path: still) })
    }
}
