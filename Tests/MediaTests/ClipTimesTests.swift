import ClipSampling
import Foundation
import TestSupport
import Testing

@testable import Media

@Suite struct ClipTimesTests {
    /// Numbers of the reference: `clip_times(duration, 1, n)`, then `int(s*16000)`; made with its Python.
    @Test("the spans of clips are those of the reference")
    func spansAsTheReference() {
        let spans = ClipTimes.spans(duration: 2.5, clipDuration: 1, count: 3)
        #expect(spans.map(\.start) == [0, Fraction(3, 4), Fraction(3, 2)])
        #expect(spans.map(\.end) == [1, Fraction(7, 4), Fraction(5, 2)])
        // Shorter than one clip: all begin at 0.
        #expect(ClipTimes.spans(duration: 0.4, clipDuration: 1, count: 2).map(\.start) == [0, 0])
        // A binary duration: 2.2 − 1 is 1.2000000000000002 in floating point.
        let odd = ClipTimes.spans(duration: 2.2, clipDuration: 1, count: 3)
        #expect(odd[2].start == Fraction(exactly: 2.2 - 1))
        #expect(odd[1].start == Fraction(exactly: 2.2 - 1).map { $0 / 2 })
    }

    @Test("ticks of a rate show what FFmpeg's filter shows: the last frame with t < (k + ½) / rate")
    func ticks() {
        let times = (0..<40).map { Fraction(Int128($0), 8) }
        let slow = ClipTimes.frames(times: times, duration: 5, rate: Fraction(1, 2), ticks: 4)
        // 2.5 ticks round up; the frames before 1, 3 and 5 s.
        #expect(slow == [7, 23, 39])
        #expect(ClipTimes.frames(times: times, duration: 5, rate: Fraction(1, 2), ticks: 2) == [7, 23])
        #expect(ClipTimes.frames(times: times, duration: 4.9, rate: Fraction(1, 2), ticks: 4) == [7, 23])
        // A higher rate than the film's shows frames twice.
        #expect(ClipTimes.frames(times: times, duration: 5, rate: 16, ticks: 5) == [0, 0, 1, 1, 2])
        #expect(ClipTimes.frames(times: [], duration: 5, rate: 8, ticks: 5).isEmpty)
        #expect(ClipTimes.frames(times: times, duration: .nan, rate: 8, ticks: 5).isEmpty)
    }

    /// Where floating point would be off by one: int(gap·k·16000) for many durations against exact integers.
    @Test func samplesAreExact() throws {
        for n in 16001..<16400 {
            let duration = Double(n) / 16000
            let span = ClipTimes.spans(duration: duration, clipDuration: 1, count: 2)[1]
            let last = try #require(Fraction(exactly: duration - 1))
            #expect(span.samples(rate: 16000).lowerBound == Int((last * 16000).floor))
            #expect(span.samples(rate: 16000).count == 16000)
        }
    }

    @Test("400 cases of samples and frames come out as in the reference's Python")
    func asPythonCutsThem() throws {
        let lines = try String(contentsOf: Fixtures.url("media/clip_times.txt"), encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 400)
        for line in lines {
            let halves = line.split(separator: ":")
            let (words, expected) = (
                halves[0].split(separator: " "), halves[1].split(separator: " ").compactMap { Int($0) }
            )
            let clips = try #require(Int(words[words.count - 1]))
            let ours: [Int]
            if words[0] == "samples" {
                let duration = try #require(Double(words[1]))
                ours = ClipTimes.spans(duration: duration, clipDuration: 1, count: clips).flatMap { span in
                    let samples = span.samples(rate: 16000)
                    return [samples.lowerBound, samples.upperBound]
                }
            } else {
                let (count, rate) = (try #require(Int(words[1])), try #require(Double(words[2])))
                ours = ClipTimes.frames(count: count, rate: rate, clipDuration: 1, clips: clips, perClip: 2).flatMap {
                    $0
                }
            }
            #expect(ours == expected, "\(halves[0])")
        }
    }

    @Test("subsampling picks the indices that torch picks")
    func subsampleAsTorch() {
        #expect(ClipTimes.subsample(25, picks: 2) == [0, 24])
        #expect(ClipTimes.subsample(1, picks: 2) == [0, 0])
        #expect(ClipTimes.subsample(10, picks: 4) == [0, 3, 6, 9])
        #expect(ClipTimes.subsample(8, picks: 5) == [0, 1, 3, 5, 7])
        #expect(ClipTimes.subsample(0, picks: 2).isEmpty)
    }

    @Test("at a constant rate each clip gets its first and last frame by number")
    func constantRate() {
        // 16 frames at 8 per second, 2 clips: 0…7 and 8…15.
        #expect(ClipTimes.frames(count: 16, rate: 8, clipDuration: 1, clips: 2, perClip: 2) == [[0, 7], [8, 15]])
        #expect(
            ClipTimes.frames(count: 20, rate: 8, clipDuration: 1, clips: 3, perClip: 2) == [
                [0, 7], [6, 13], [12, 19],
            ])
        // Slower than one frame per clip: the one that is shown.
        #expect(
            ClipTimes.frames(count: 3, rate: 0.5, clipDuration: 1, clips: 6, perClip: 2).allSatisfy {
                $0[0] == $0[1] && $0[0] < 3
            })
        #expect(ClipTimes.frames(count: 0, rate: 8, clipDuration: 1, clips: 2, perClip: 2).isEmpty)
    }

    /// With times k / fps both rules agree wherever the span's edges are not within rounding of a frame.
    @Test func bothRulesAgree() {
        for (count, rate) in [(17, 8.0), (64, 25.0), (100, 30.0), (33, 12.5)] {
            let times = (0..<count).map { Fraction(Int128($0) * 2, Int128(rate * 2)) }
            let duration = Double(count) / rate
            for clips in 1...5 {
                let a = ClipTimes.frames(count: count, rate: rate, clipDuration: 1, clips: clips, perClip: 2)
                let b = ClipTimes.frames(times: times, duration: duration, clipDuration: 1, clips: clips, perClip: 2)
                for (x, y) in zip(a, b) { #expect(abs(x[0] - y[0]) <= 1 && abs(x[1] - y[1]) <= 1) }
            }
        }
        let exact = (0..<16).map { Fraction(Int128($0), 8) }
        #expect(
            ClipTimes.frames(times: exact, duration: 2, clipDuration: 1, clips: 2, perClip: 2) == [[0, 7], [8, 15]])
    }

    @Test func gapsShowTheFrameBefore() {
        let times: [Fraction] = [0, Fraction(1, 10), 4]
        let picked = ClipTimes.frames(times: times, duration: 5, clipDuration: 1, clips: 5, perClip: 2)
        #expect(picked == [[0, 1], [1, 1], [1, 1], [1, 1], [2, 2]])
        // Past the end: the last.
        #expect(
            ClipTimes.frames(times: [0], duration: 9, clipDuration: 1, clips: 3, perClip: 2) == [
                [0, 0], [0, 0], [0, 0],
            ])
    }

    @Test func extremesDoNotTrap() {
        for duration in [0, -1, .nan, .infinity, 1e-300, 1e300, .leastNonzeroMagnitude, 0x1p31, 1.0000000000000002]
            as [Double]
        {
            for count in [-3, 0, 1, 7, 1000] {
                for span in ClipTimes.spans(duration: duration, clipDuration: 1, count: count) {
                    #expect(span.samples(rate: 48000).count == 48000)
                }
            }
        }
    }
}

@Suite struct FractionTests {
    @Test func doublesAreExact() {
        #expect(Fraction(exactly: 0.75) == Fraction(3, 4))
        #expect(Fraction(exactly: -2.5) == Fraction(-5, 2))
        #expect(Fraction(exactly: 0.1)?.denominator == 1 << 55)
        #expect(Fraction(exactly: .infinity) == nil)
        #expect(Fraction(exactly: 1e-300) == nil)
    }

    @Test func decimalsAreTakenAsWritten() {
        #expect(Fraction(asWritten: 0.3) == Fraction(3, 10))
        #expect(Fraction(asWritten: -12.25) == Fraction(-49, 4))
        #expect(Fraction(asWritten: 1e-7) == Fraction(1, 10_000_000))
        #expect(Fraction(asWritten: 1e9) == 1_000_000_000)
        #expect(Fraction(asWritten: .leastNonzeroMagnitude) == 0)
        #expect(Fraction(asWritten: .nan) == nil)
    }

    /// Round trip through the nearest double, and against the machine's own division.
    @Test("a fraction's double is the nearest one, as the machine's division gives it")
    func nearestDouble() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<2000 {
            let value = Double(Int64(truncatingIfNeeded: random.next() >> 20)) / Double(1 << (random.next() % 40))
            guard let fraction = Fraction(exactly: value) else { continue }
            #expect(fraction.double == value)
            let (a, b) = (Int64(random.next() >> 14), Int64(random.next() >> 14) + 1)
            #expect(Fraction(Int128(a), Int128(b)).double == Double(a) / Double(b))
        }
        #expect(Fraction(0).double == 0)
        #expect(Fraction(30000, 1001).double == 30000.0 / 1001)
    }

    @Test("fractions are ordered, rounded and added exactly")
    func orderAndRounding() {
        #expect(Fraction(-1, 3) < 0 && Fraction(1, 3) < Fraction(1, 2) && Fraction(-1, 2) < Fraction(-1, 3))
        #expect(Fraction(-1, 3).floor == -1 && Fraction(7, 2).floor == 3 && Fraction(-4, 2).floor == -2)
        #expect(Fraction(1, 3).floor(times: 16000) == 5333 && Fraction(1, 3).ceil(times: 16000) == 5334)
        #expect(Fraction(-1, 3).floor(times: 3) == -1 && Fraction(2, 3).ceil(times: 3) == 2)
        #expect(Fraction(2, 3) + Fraction(1, 6) == Fraction(5, 6) && Fraction(2, 3) / Fraction(4, 3) == Fraction(1, 2))
    }
}
