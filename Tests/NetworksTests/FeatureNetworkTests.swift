import ClipSampling
import Goldens
import TestSupport
import Method
import Testing
import Torch

@testable import Networks

/// Networks of metrics with their front ends, given samples as a run has them.
@Suite struct FeatureNetworkTests {
    private func sound(_ seed: UInt64, _ count: Int, rate: Int = 16_000) -> FeatureSample {
        FeatureSample(
            sound: Waveform(rate: rate, channels: [EvaluationData.wave(seed, count: count, rate: rate)]))
    }

    private func film(_ seed: UInt64, frames: Int = 9, _ height: Int, _ width: Int) -> FeatureSample {
        FeatureSample(frames: EvaluationData.film(seed, frames: frames, height: height, width: width))
    }

    @Test("a sample has the same features alone and among others", arguments: FeatureNetworkName.allCases)
    func neighbours(_ name: FeatureNetworkName) throws {
        let network = try #require(EvaluationCase.of(name).last).features()
        var samples =
            name == .i3d
            ? [film(1, 40, 50), film(2, 64, 64), film(3, frames: 11, 40, 50), film(4, 40, 50)]
            : [sound(1, 33_000), sound(2, 48_000), sound(3, 33_000), sound(4, 44_100, rate: 22_050)]
        samples.insert(FeatureSample(), at: 1)
        let together = try network.features(of: samples)
        #expect(together.count == samples.count)
        for (index, sample) in samples.enumerated() {
            let alone = try #require(network.features(of: [sample]).first)
            guard index != 1 else {
                #expect(throws: FeatureInputError.self) { try alone.get() }
                #expect(throws: FeatureInputError.self) { try together[index].get() }
                continue
            }
            let (a, b) = (try alone.get(), try together[index].get())
            #expect(!a.features.isEmpty && a.features.count.isMultiple(of: network.width))
            #expect(Difference.relative(b.features.map(Double.init), to: a.features.map(Double.init)) < 2e-6)
            #expect((a.logits?.count ?? 0) == (network.classes ?? 0))
            if let logits = a.logits {
                #expect(
                    Difference.relative(try #require(b.logits).map(Double.init), to: logits.map(Double.init)) < 2e-6)
            }
        }
        // Different sounds have different features.
        #expect(try together[0].get() != together[3].get())
    }

    @Test("VGGish gives a row for each whole patch, and none for a sound without one")
    func patches() throws {
        let network = try #require(EvaluationCase.of(.vggish).first).features(.avBenchmark(seconds: 8))
        for (count, rows) in [(15_600, 1), (30_959, 1), (30_960, 2), (160_000, 8)] {
            let found = try network.features(of: [sound(1, count)])[0].get()
            #expect(found.features.count == rows * network.width, "\(count)")
        }
        let error = try network.features(of: [sound(1, 15_599)])[0]
        #expect(error == .failure(.tooShort(samples: 15_599, needed: 15_600, rate: 16_000)))
        #expect(try network.features(of: []).isEmpty)
    }

    @Test("frames that are no clip for I3D cost their sample alone, and say why")
    func frames() throws {
        let network = try #require(EvaluationCase.of(.i3d).last).features()
        var mixed = film(1, 20, 30)
        mixed.frames[4] = film(1, frames: 1, 20, 31).frames[0]
        let results = try network.features(of: [
            film(1, frames: 8, 20, 30), FeatureSample(), mixed, film(1, 2, 65), film(1, 2, 64),
            film(1, frames: 1, 9, 9),
        ])
        #expect(results[0] == .failure(.tooFewFrames(found: 8, needed: 9)))
        #expect(results[1] == .failure(.tooFewFrames(found: 0, needed: 9)))
        #expect(results[2] == .failure(.frameSize(frame: 4, found: (31, 20), first: (30, 20))))
        #expect(results[3] == .failure(.tooNarrow(width: 65, height: 2, limit: 32)))
        #expect(try results[4].get().features.count == network.width)
        #expect(results[5] == .failure(.tooFewFrames(found: 1, needed: 9)))
    }

    @Test("a network that hears needs a sound, whatever else a sample has")
    func noSound() throws {
        for name in FeatureNetworkName.allCases where name.hears {
            let network = try #require(EvaluationCase.of(name).last).features()
            let silent = FeatureSample(sound: Waveform(rate: 16_000, channels: [[Float](repeating: 0, count: 20_000)]))
            let results = try network.features(of: [film(1, 20, 20), silent])
            #expect(results[0] == .failure(.noSound))
            #expect(try results[1].get().features.allSatisfy(\.isFinite))
        }
    }

    @Test("features that are no numbers are an error of their sample")
    func notFinite() throws {
        let item = try #require(EvaluationCase.of(.vggish).first)
        var entries = try item.entries()
        let last = try #require(entries.firstIndex { $0.name == "embeddings.4.bias" })
        entries[last] = try WeightEntry(
            "embeddings.4.bias", Tensor([Float](repeating: .nan, count: 16), shape: [16]))
        let folder = try TemporaryFolder()
        let network = try FeatureNetworkName.vggish.load(
            EvaluationCase.write(entries, of: .vggish, to: folder),
            variant: FeatureVariant(style: .audioldmEval, framing: .lvdm))
        #expect(try network.features(of: [sound(1, 100)]) == [.failure(.notFiniteFeatures)])
    }
}
