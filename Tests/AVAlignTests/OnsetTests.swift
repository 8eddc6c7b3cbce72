import Foundation
import Testing

@testable import AVAlign

@Suite("Onsets") struct OnsetTests {
    @Test("envelopes and onsets are librosa's, onsets to the frame", arguments: AVAlignGoldens.all.sounds)
    func goldens(_ golden: AVAlignGoldens.Sound) {
        let sound = Heard.sound(golden.name)
        #expect(!sound.isEmpty)
        let envelope = OnsetEnvelope(samples: sound)
        let expected = AVAlignGoldens.values(golden.envelope)
        #expect(envelope.values.count == expected.count)
        let worst = zip(envelope.values, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(worst < 2e-5)
        #expect(envelope.onsetPlaces == golden.onsets)
        #expect(envelope.onsets == golden.onsets.map { Double(512 * $0) / 22050 })
    }

    @Test("an envelope without a beginning, or of what is no number, has no onsets")
    func none() {
        for values: [Float] in [[], [0], [0, 0, 0], [.nan, 1], [1, .infinity], [3, 3, 3]] {
            #expect(OnsetEnvelope(values: values).onsetPlaces.isEmpty)
        }
    }

    @Test("no samples are a silent window")
    func empty() {
        #expect(OnsetEnvelope(samples: []).values == [0])
    }

    @Test("the transform's power is that of the sum by definition", arguments: [4, 8, 64, 2048])
    func transform(_ length: Int) {
        let values = noise(7, length)
        let power = RealFourierTransform(length: length).power(values)
        #expect(power.count == length / 2 + 1)
        for line in stride(from: 0, through: length / 2, by: max(length / 16, 1)) {
            var (re, im) = (0.0, 0.0)
            for (i, value) in values.enumerated() {
                let angle = 2 * Double.pi * Double(line * i % length) / Double(length)
                re += value * cos(angle)
                im += value * sin(angle)
            }
            #expect(abs(power[line] - (re * re + im * im)) < 1e-12 * Double(length))
        }
    }
}
