/// The one source of a generated video's time: its length, the length of its audio and the clips that the binder sees
/// and hears of both all follow from a number of frames and a rate, so that they cannot disagree.
package struct Timeline: Sendable, Hashable {
    /// Frames, at least 1.
    package let frames: Int
    /// Frames per second, above 0.
    package let rate: Fraction

    /// - Parameters:
    ///   - frames: below 1 counts as 1.
    ///   - rate: frames per second; 0 and below counts as 1.
    package init(frames: Int, rate: Fraction) {
        self.frames = max(frames, 1)
        self.rate = rate > 0 ? rate : 1
    }

    /// The timeline nearest to a length: ⌊length · rate + ½⌋ frames, at least one.
    package init(lasting length: Fraction, rate: Fraction) {
        let exact = length * (rate > 0 ? rate : 1) + Fraction(1, 2)
        self.init(frames: Int(clamping: exact.floor), rate: rate)
    }

    /// Seconds, exactly: frames / rate.
    package var length: Fraction { Fraction(Int128(frames)) / rate }

    /// ``length`` as the nearest floating-point number of seconds.
    package var duration: Double { length.double }

    /// Samples of audio that lasts as long as the frames: ⌊length · rate⌋, so that it never outlasts them.
    /// - Parameter rate: samples per second, below 2^31.
    package func samples(rate: Int) -> Int { length.floor(times: rate) }

    /// The frames that the binder looks at in each of `clips` clips, as ``ClipTimes/frames(count:rate:clipDuration:clips:perClip:)``
    /// spreads them.
    /// - Parameters:
    ///   - clips: below 1 counts as 1.
    ///   - clipDuration: length of a clip in whole seconds.
    ///   - perClip: frames of one clip.
    package func frames(ofClips clips: Int, clipDuration: Int, perClip: Int) -> [[Int]] {
        ClipTimes.frames(
            count: frames, rate: rate.double, clipDuration: clipDuration, clips: clips, perClip: perClip)
    }
}
