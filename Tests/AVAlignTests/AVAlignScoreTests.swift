import AVAlign
import Method
import Testing

@Suite("AV-Align") struct AVAlignScoreTests {
    @Test("three onsets at one peak are scored as each program does")
    func threeAtOne() {
        let expected: [AVAlignVariant: Double] = [
            .paper: 3, .tempotokens2025: 1.0 / 3, .javis: 3 / 1.000001, .svg: 1,
        ]
        for variant in AVAlignVariant.allCases {
            let score = AVAlignTimes.score(onsets: [0.95, 1.0, 1.05], peaks: [1.0], frameRate: 10, variant)
            #expect(abs((score ?? -1) - (expected[variant] ?? -2)) < 1e-14)
        }
    }

    @Test("without onsets and peaks there is no score, but where the program gives 0")
    func nothing() {
        func score(_ onsets: [Double], _ peaks: [Double]) -> [Double?] {
            [.paper, .tempotokens2025, .javis, .svg].map {
                AVAlignTimes.score(onsets: onsets, peaks: peaks, frameRate: 10, $0)
            }
        }
        #expect(score([], []) == [nil, nil, 0, 0])
        #expect(score([1], []) == [0, 0, 0, 0])
        #expect(score([], [1]) == [0, 0, 0, 0])
    }

    @Test("an onset exactly one frame away does not meet a peak")
    func strict() {
        // 0.5, 0.25 and their sums are exact.
        for variant in AVAlignVariant.allCases {
            #expect(AVAlignTimes.score(onsets: [0.5, 1.0], peaks: [0.75], frameRate: 4, variant) == 0)
            #expect((AVAlignTimes.score(onsets: [0.5625], peaks: [0.75], frameRate: 4, variant) ?? 0) > 0.99)
        }
    }

    @Test("one to one, an onset takes the first peak that is free")
    func oneToOne() {
        let (onsets, peaks) = ([1.0, 1.05, 1.1, 2.0], [0.98, 1.06, 3.0])
        #expect(AVAlignTimes.score(onsets: onsets, peaks: peaks, frameRate: 10, .tempotokens2025) == 2.0 / 5)
        #expect(AVAlignTimes.score(onsets: onsets, peaks: peaks, frameRate: 10, .paper) == 3.0 / 4)
        // Precision 3/4, recall 2/3.
        let both = AVAlignTimes.score(onsets: onsets, peaks: peaks, frameRate: 10, .svg) ?? 0
        #expect(abs(both - 0.5 / (0.75 + 2.0 / 3 - 0.5)) < 1e-15)
    }

    @Test("peaks lie strictly above their neighbours, never at an end, and above the floor of a variant that has one")
    func peaks() {
        let times = AVAlignTimes(
            onsets: [], trajectory: [5, 1, 2, 2, 1, 0.05, 0.09, 0.01, 3, 1, 0.05, 0.1, 0, 9], frameRate: 8)
        #expect(times.peaks(.paper) == [6.0 / 8, 1, 11.0 / 8])
        #expect(times.peaks(.svg) == times.peaks(.paper))
        #expect(times.peaks(.tempotokens2025) == [1, 11.0 / 8])
        for short: [Double] in [[], [1], [1, 2]] {
            #expect(AVAlignTimes(onsets: [], trajectory: short, frameRate: 8).peaks(.paper).isEmpty)
        }
    }
}
