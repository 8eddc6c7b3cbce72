import Foundation
import Goldens
import TestSupport
import Method
import Testing
import Torch

@testable import Networks

/// How sounds are prepared for the networks of metrics.
@Suite struct WaveStyleTests {
    private static let rates = [
        (44_100, 16_000), (48_000, 16_000), (22_050, 16_000), (8_000, 16_000), (11_025, 32_000), (44_100, 32_000),
        (16_000, 16_000),
    ]

    @Test("both styles prepare a sound as the reference does, at every rate", arguments: rates)
    func prepared(_ rate: Int, _ target: Int) throws {
        let goldens = try GoldenFile(at: Fixtures.url("evaluation/waves.safetensors"))
        let count = rate * 6 / 5
        let sound = Waveform(
            rate: rate,
            channels: [
                EvaluationData.wave(3, count: count, rate: rate),
                EvaluationData.wave(4, count: count, rate: rate).map { Float(0.5 * Double($0) + 0.1) },
            ])
        for (style, name) in [(WaveStyle.audioldmEval, "audioldm_eval"), (.avBenchmark(seconds: 1.1), "av-benchmark")] {
            let wave = try style.prepared(sound, rate: target)
            let difference = try goldens.relativeDifference(
                "\(rate).\(target).\(name)", Tensor(wave, shape: [wave.count]))
            #expect(difference < 1e-6, "\(name): \(difference)")
        }
    }

    @Test("zeros are added up to 2 s in one style, and a sound is cut in the other and never made longer")
    func lengths() throws {
        let short = Waveform(rate: 16_000, channels: [[Float](repeating: 0.5, count: 20_000)])
        #expect(try WaveStyle.audioldmEval.prepared(short, rate: 16_000).count == 32_000)
        #expect(try WaveStyle.avBenchmark(seconds: 8).prepared(short, rate: 16_000).count == 20_000)
        #expect(try WaveStyle.avBenchmark(seconds: 1.00009).prepared(short, rate: 16_000).count == 16_001)
        let long = Waveform(rate: 16_000, channels: [[Float](repeating: 0.5, count: 40_000)])
        #expect(try WaveStyle.audioldmEval.prepared(long, rate: 16_000).count == 40_000)
    }

    @Test("a resampled sound is as long as the rates say, whatever they are")
    func resampledLengths() {
        for (rate, target, count) in [(44_101, 16_000, 44_101), (7, 16_000, 3), (192_000, 16_000, 100), (1, 3, 1)] {
            let wave = SincResampler.resampled([Float](repeating: 1, count: count), from: rate, to: target)
            #expect(wave.count == Int((Double(count) * Double(target) / Double(rate)).rounded(.up)))
        }
        // In the middle a constant stays one.
        let wave = SincResampler.resampled([Float](repeating: 1, count: 44_101), from: 44_101, to: 16_000)
        #expect(wave[1000..<15_000].allSatisfy { abs($0 - 1) < 2e-3 })
        #expect(SincResampler.resampled([], from: 8_000, to: 16_000).isEmpty)
    }

    @Test("what is no sound to compare is an error that says why")
    func refused() {
        func error(_ channels: [[Float]], rate: Int = 16_000, _ style: WaveStyle = .audioldmEval) -> FeatureInputError?
        {
            do throws(FeatureInputError) {
                _ = try style.prepared(Waveform(rate: rate, channels: channels), rate: 16_000)
                return nil
            } catch {
                return error
            }
        }
        let second = [Float](repeating: 0.1, count: 16_000)
        let field = WaveStyle.avBenchmark(seconds: 8)
        #expect(error([second]) == nil && error([second], field) == nil)
        #expect(error([]) == .noSamples && error([[]]) == .noSamples && error([second, []]) == .noSamples)
        #expect(error([second], rate: 0) == .rate(found: 0))
        #expect(error([second], rate: 1_000_000_000) == .rate(found: 1_000_000_000))
        for bad in [Float.nan, .infinity, -.infinity] {
            var samples = second
            samples[77] = bad
            #expect(error([second, samples]) == .notFinite(channel: 1, sample: 77, found: bad))
            #expect(error([samples], field) == .notFinite(channel: 0, sample: 77, found: bad))
        }
        let brief = [Float](repeating: 0.1, count: 15_359)
        #expect(error([brief]) == nil)
        #expect(error([brief], field) == .tooShort(samples: 15_359, needed: 15_360, rate: 16_000))
        #expect(error([second], .avBenchmark(seconds: 0.5)) == .tooShort(samples: 8000, needed: 15_360, rate: 16_000))
        #expect("\(FeatureInputError.tooShort(samples: 15_359, needed: 15_360, rate: 16_000))".contains("0.960 s"))
    }
}
