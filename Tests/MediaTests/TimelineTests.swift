import ClipSampling
import Testing

@Suite struct TimelineTests {
    @Test func everythingFollowsFromFramesAndRate() {
        let timeline = Timeline(frames: 16, rate: 8)
        #expect(timeline.length == 2)
        #expect(timeline.duration == 2)
        #expect(timeline.samples(rate: 16_000) == 32_000)
        #expect(timeline.frames(ofClips: 2, clipDuration: 1, perClip: 2) == [[0, 7], [8, 15]])
    }

    /// The reference's figures: `clip_frame_ids`.
    @Test("rates that are no whole number give the reference's samples and frames")
    func ratesThatAreNotWhole() {
        let film = Timeline(frames: 16, rate: Fraction(30_000, 1001))
        #expect(film.length == Fraction(16_016, 30_000))
        #expect(film.samples(rate: 44_100) == 23_543)
        let odd = Timeline(frames: 10, rate: Fraction(15, 2))
        #expect(odd.samples(rate: 16_000) == 21_333)
        #expect(odd.frames(ofClips: 2, clipDuration: 1, perClip: 2) == [[0, 7], [3, 9]])
        #expect(odd.frames(ofClips: 1, clipDuration: 2, perClip: 1) == [[0]])
    }

    @Test(
        "a length in seconds becomes the nearest number of frames, at least one",
        arguments: [(0.01, 1), (0.06, 1), (0.0625, 1), (0.1875, 2), (2, 16), (2.05, 16), (2.07, 17), (1e-300, 1)])
    func nearestFrames(seconds: Double, frames: Int) throws {
        let length = try #require(Fraction(asWritten: seconds))
        #expect(Timeline(lasting: length, rate: 8).frames == frames)
    }

    /// The audio never outlasts the frames, and by less than one sample falls short of them.
    @Test func audioAndFramesAgree() {
        for frames in 1...40 {
            for rate in [Fraction(8), Fraction(25), Fraction(24_000, 1001), Fraction(13, 10)] {
                let timeline = Timeline(frames: frames, rate: rate)
                let sound = Fraction(Int128(timeline.samples(rate: 16_000)), 16_000)
                #expect(sound <= timeline.length && timeline.length < sound + Fraction(1, 16_000))
                let seen = timeline.frames(ofClips: 2, clipDuration: 1, perClip: 2).flatMap { $0 }
                #expect(seen.allSatisfy { (0..<frames).contains($0) })
            }
        }
    }

    @Test func whatCannotBeCountsAsOne() {
        #expect(Timeline(frames: 0, rate: 0) == Timeline(frames: 1, rate: 1))
    }
}
