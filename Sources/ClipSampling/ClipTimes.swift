/// The times at which ImageBind's loaders look at a clip: pure arithmetic, no files.
///
/// Source: `clip_times` and `clip_frame_ids` of the reference; pytorchvideo's `ConstantClipsPerVideoSampler` (main) and
/// `UniformTemporalSubsample`.
package enum ClipTimes {
    /// One short clip, in seconds from the beginning: `start` ≤ t < `end`.
    package struct Span: Hashable, Sendable {
        package let start: Fraction
        package let end: Fraction

        package init(start: Fraction, end: Fraction) {
            self.start = start
            self.end = end
        }

        /// The samples of a waveform at `rate` that belong to this clip: ⌊start·rate⌋ ..< ⌊end·rate⌋.
        package func samples(rate: Int) -> Range<Int> { start.floor(times: rate)..<end.floor(times: rate) }
    }

    /// `count` clips of `clipDuration` whole seconds each, their starts spread evenly over 0 … duration − clipDuration.
    ///
    /// The reference subtracts in floating point (a float minus a Fraction is a float) and then divides exactly; so does
    /// this, because ⌊start·16000⌋ would otherwise be off by one for some durations.
    ///
    /// - Parameters:
    ///   - duration: Length of the media in seconds, 0 … 2^31. Values that are not finite count as 0.
    ///   - clipDuration: Length of a clip in seconds, 1 … 2^20.
    ///   - count: Number of clips, up to 2^20; below 1 counts as 1, as in the reference.
    package static func spans(duration: Double, clipDuration: Int, count: Int) -> [Span] {
        let clip = min(max(clipDuration, 1), 1 << 20)
        let count = min(max(count, 1), 1 << 20)
        let length = duration.isFinite ? min(duration, 0x1p31 - 1) : 0
        // With a clip of 1 s or more the difference is a multiple of 2^-52: always representable.
        let last = Fraction(exactly: max(length - Double(clip), 0)) ?? 0
        let gap = Fraction(last.numerator, last.denominator * Int128(max(count - 1, 1)))
        return (0..<count).map { k in
            let start = Fraction(gap.numerator * Int128(k), gap.denominator)
            return Span(start: start, end: start + Fraction(Int128(clip)))
        }
    }

    /// `torch.linspace(0, count − 1, picks)` truncated to integers: which of `count` frames are taken.
    ///
    /// Computed in single precision and from both ends, as torch does on the CPU. Empty when there is nothing to pick.
    package static func subsample(_ count: Int, picks: Int) -> [Int] {
        guard count > 0, picks > 0 else { return [] }
        guard picks > 1 else { return [0] }
        let end = Float(count - 1)
        let step = end / Float(picks - 1)
        return (0..<picks).map { i in
            let value = i < picks / 2 ? step * Float(i) : end - step * Float(picks - 1 - i)
            return min(max(Int(value), 0), count - 1)
        }
    }

    /// The frames of each clip at a constant frame rate: ⌈fps·start⌉ ..< min(⌈fps·end⌉, frames), in double precision as
    /// the reference computes it. A clip without a frame gets the one that is shown at its start.
    package static func frames(
        count: Int, rate: Double, clipDuration: Int, clips: Int, perClip: Int
    ) -> [[Int]] {
        guard count > 0, rate.isFinite, rate > 0 else { return [] }
        func index(_ value: Double) -> Int { Int(min(max(value, 0), Double(count))) }
        return spans(duration: Double(count) / rate, clipDuration: clipDuration, count: clips).map { span in
            let start = rate * span.start.double
            let range =
                index(start.rounded(.up))..<max(index((rate * span.end.double).rounded(.up)), index(start.rounded(.up)))
            let shown = min(index(start.rounded(.down)), count - 1)
            return pick(range, shown: shown, perClip: perClip)
        }
    }

    /// The frames of each clip at real frame times: those with start ≤ t < end. A clip without one gets the frame that
    /// is shown at its start, which past the end is the last.
    ///
    /// - Parameters:
    ///   - times: Ascending, in seconds, the first usually 0.
    ///   - duration: Length in seconds, the last frame included.
    package static func frames(
        times: [Fraction], duration: Double, clipDuration: Int, clips: Int, perClip: Int
    ) -> [[Int]] {
        guard !times.isEmpty else { return [] }
        return spans(duration: duration, clipDuration: clipDuration, count: clips).map { span in
            let first = firstIndex(in: times, notBefore: span.start)
            let end = firstIndex(in: times, notBefore: span.end)
            return pick(first..<end, shown: max(first - 1, 0), perClip: perClip)
        }
    }

    /// The frames that FFmpeg's filter `fps` shows at a rate: at its k-th tick the last one with t < (k + ½) / rate, and
    /// ⌊duration · rate + ½⌋ ticks in all.
    ///
    /// - Parameters:
    ///   - times: ascending, in seconds, the first usually 0.
    ///   - duration: in seconds, the last frame included.
    ///   - ticks: no more than these.
    package static func frames(times: [Fraction], duration: Double, rate: Fraction, ticks: Int) -> [Int] {
        guard !times.isEmpty, duration.isFinite, duration > 0 else { return [] }
        let count = min(ticks, Int(min(duration * rate.double + 0.5, 0x1p31)))
        return (0..<max(count, 0)).map { tick in
            // (k + ½) / rate, exactly.
            let end = Fraction(Int128(2 * tick + 1) * rate.denominator, 2 * rate.numerator)
            return max(firstIndex(in: times, notBefore: end) - 1, 0)
        }
    }

    /// The first index whose time is at or after `time`; `times.count` when there is none. Binary search.
    package static func firstIndex(in times: [Fraction], notBefore time: Fraction) -> Int {
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func pick(_ range: Range<Int>, shown: Int, perClip: Int) -> [Int] {
        let frames = range.isEmpty ? shown..<(shown + 1) : range
        return subsample(frames.count, picks: perClip).map { frames.lowerBound + $0 }
    }
}
