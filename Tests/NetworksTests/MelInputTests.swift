import Checkpoint
import Foundation
import Goldens
import Method
import TestSupport
import Testing
import Torch

@testable import Networks

/// The binder's features straight from AudioLDM's spectrograms: against an independent computation, and against those of
/// the waveform.
@Suite struct MelInputTests {
    struct Sound: Sendable, CustomTestStringConvertible {
        let name: String
        let samples: Int
        let clips: Int
        var testDescription: String { "\(name).\(samples)" }

        var wave: [Double] {
            get throws {
                if name == "noise" { return try (randn(41, [samples], dtype: .float64) * 0.1).doubles() }
                return (0..<samples).map { n in
                    let t = Double(n) / 16_000
                    return 0.2 * exp(-2 * t) * [330.0, 1250, 4100].reduce(0) { $0 + sin(2 * .pi * $1 * t) }
                }
            }
        }
    }

    static let sounds = [
        Sound(name: "noise", samples: 32_000, clips: 2), Sound(name: "chord", samples: 24_077, clips: 2),
        Sound(name: "chord", samples: 40_000, clips: 3), Sound(name: "noise", samples: 9_600, clips: 1),
    ]

    static let vocoder = Result {
        try JSONDecoder().decode(
            SpeechT5HifiGan.Configuration.self,
            from: Data(contentsOf: Fixtures.checkout.appending(path: "Models/toyworld/audioldm/vocoder/config.json")))
    }

    static let shared = Result { try ImageBindMelInput(.imageBind, vocoder: vocoder.get(), device: .cpu) }

    /// AudioLDM's spectrogram of a waveform, `[1, frames, 64]`, double precision.
    private func logMel(_ wave: [Double]) throws -> Tensor {
        let edge = (AudioLDMFilterbank.windowLength - AudioLDMFilterbank.hop) / 2
        let mirrored = wave[1...edge].reversed() + wave + wave[(wave.count - 1 - edge)..<(wave.count - 1)].reversed()
        let frames = try Tensor(Array(mirrored), shape: [mirrored.count])
            .unfold(0, size: AudioLDMFilterbank.windowLength, step: AudioLDMFilterbank.hop)
        let magnitudes = try (frames * AudioLDMFilterbank.window())
            .powerSpectrum(length: AudioLDMFilterbank.windowLength).sqrt()
        return try magnitudes.matmul(AudioLDMFilterbank.banks()).clamped(1e-5).log().unsqueeze(0)
    }

    /// What both inputs make of one second, as natural logarithms `[bin][frame]` of the 98 frames.
    private func both(_ wave: [Double]) throws -> (mel: [[Double]], wave: [[Double]]) {
        func features(_ clips: Tensor) throws -> [[Double]] {
            let values = try clips.doubles()
            return (0..<128).map { bin in (0..<98).map { values[bin * 204 + $0] * 9.138 - 4.268 } }
        }
        let input = try Self.shared.get()
        let heard = try ImageBindAudioInput(.imageBind, device: .cpu)(
            Tensor(wave, shape: [1, 1, wave.count]), clips: 1)
        return (
            try features(input(logMel(wave), samples: wave.count, clips: 1)), try features(heard)
        )
    }

    private func tone(_ frequency: Double, amplitude: (Double) -> Double = { _ in 0.3 }) -> [Double] {
        (0..<16_000).map { n in
            let t = Double(n) / 16_000
            return amplitude(t) * sin(2 * .pi * frequency * t)
        }
    }

    private func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }

    @Test("AudioLDM's mel bins are librosa's, and its frames those of torch.stft", arguments: sounds)
    func spectrogram(_ sound: Sound) throws {
        let golden = try Fixtures.goldens.units("mel")
        let ours = try logMel(sound.wave)
        #expect(ours.shape == [1, sound.samples / 160, 64])
        let difference = try golden.largestDifference("log_mel.\(sound.testDescription)", ours)
        #expect(difference < 1e-9, "\(difference)")
    }

    @Test("the map is the one that an independent computation finds, nowhere negative, zero where Kaldi's bin is empty")
    func map() throws {
        let map = try MelToKaldiMap.matrix()
        #expect(map.shape == [64, 128] && map.dtype == .float64)
        let difference = try Fixtures.goldens.units("mel").relativeDifference("map", map)
        // Kaldi's banks and window are rounded to single precision here.
        #expect(difference < 1e-5, "\(difference)")
        let values = try map.doubles()
        #expect(values.allSatisfy { $0 >= 0 && $0.isFinite })
        let white = try KaldiFilterbank(bins: 128, device: .cpu).powers(randn(1, [1, 16_000])).sum([1]).doubles()
        for bin in 0..<128 {
            let isZero = stride(from: bin, to: values.count, by: 128).allSatisfy { values[$0] == 0 }
            #expect(isZero == (white[bin] == 0), "bin \(bin)")
        }
        #expect(white.contains(0))
    }

    @Test("clips of a spectrogram agree with an independent computation, in both precisions", arguments: sounds)
    func clips(_ sound: Sound) throws {
        let golden = try Fixtures.goldens.units("mel")
        let mel = try logMel(sound.wave)
        let clips = try Self.shared.get()(mel, samples: sound.samples, clips: sound.clips)
        #expect(clips.shape == [1, sound.clips, 1, 128, 204] && clips.dtype == .float64)
        let difference = try golden.largestDifference("clips.\(sound.testDescription)", clips)
        #expect(difference < 1e-5, "\(difference)")
        let single = try Self.shared.get()(mel.to(.float32), samples: sound.samples, clips: sound.clips)
        #expect(single.dtype == .float32)
        #expect(try (single.to(.float64) - clips).maxAbs() < 1e-5)
        let half = try Self.shared.get()(mel.to(.bfloat16), samples: sound.samples, clips: sound.clips)
        #expect(half.dtype == .float32)
    }

    @Test("noise is heard in every band as loud as the waveform's", arguments: [0.003, 0.3])
    func noise(amplitude: Double) throws {
        let wave = try (randn(7, [16_000], dtype: .float64) * amplitude).doubles()
        let (mel, truth) = try both(wave)
        for band in [0..<16, 16..<32, 32..<64, 64..<96, 96..<128] {
            // The mean of a logarithm lies below the logarithm of the mean, by up to 0.58 where a bin holds one line.
            let off = mean(band.map { mean(mel[$0]) - mean(truth[$0]) })
            #expect(-0.1 < off && off < 0.75, "\(band): \(off)")
        }
    }

    @Test(
        "a tone is heard at its place, at about its loudness, and little beside it",
        arguments: [250.0, 500, 1700, 3300, 6100])
    func tones(frequency: Double) throws {
        let (mel, truth) = try both(tone(frequency))
        let (heard, true_) = (mel.map { mean($0) }, truth.map { mean($0) })
        func loudest(_ values: [Double]) -> Int { values.indices.max { values[$0] < values[$1] }! }
        let place = loudest(true_)
        #expect(abs(loudest(heard) - place) <= 2)
        // The map takes an amount between a tone's and noise's, further off where a bin is wide: 0.4 at 250 Hz, 2 at 6 kHz on
        // average, more for a tone between two bins.
        let off = heard[place] - true_[place]
        #expect(abs(off) < (frequency < 1000 ? 1.5 : 3), "\(off)")
        // Ten bins away and more.
        let beside = (0..<128).filter { abs($0 - place) > 10 }
        #expect(beside.allSatisfy { heard[$0] < heard[place] - 5 })
    }

    @Test("a louder spectrogram is louder by as much, and a silent one is the floor")
    func loudness() throws {
        let input = try Self.shared.get()
        let mel = try logMel(Self.sounds[0].wave)
        let step = try (input(mel + log(10), samples: 32_000, clips: 1) - input(mel, samples: 32_000, clips: 1))
            .narrow(4, from: 0, count: 98)
        let used = try step.narrow(3, from: 20, count: 108)
        #expect(try (used * 9.138 - 2 * log(10)).maxAbs() < 1e-6)
        let silence = try input(Tensor.full([1, 100, 64], log(1e-5) - 20), samples: 16_000, clips: 1)
        let floor = (log(1.1920928955078125e-07) + 4.268) / 9.138
        #expect(try (silence.narrow(4, from: 0, count: 98) - floor).maxAbs() < 1e-5)
    }

    /// A sound that grows by a steady factor is heard off by slope times delay, and one that fades by as much the other
    /// way; whatever else differs is the same in both.
    @Test("frames are those of the same moment, to a twentieth of a frame", arguments: [500.0, 1000, 2000])
    func moments(frequency: Double) throws {
        let rate = 6.0  // e-fold amplitude per second: 0.12 a frame in the logarithm of power
        let growing = try both(tone(frequency) { 0.5 * exp(rate * ($0 - 1)) })
        let fading = try both(tone(frequency) { 0.5 * exp(-rate * $0) })
        let bin = growing.wave.indices.max { growing.wave[$0][50] < growing.wave[$1][50] }!
        func off(_ pair: (mel: [[Double]], wave: [[Double]])) -> Double {
            mean((10..<85).map { pair.mel[bin][$0] - pair.wave[bin][$0] })
        }
        let frames = (off(growing) - off(fading)) / (2 * 2 * rate / 100)
        #expect(abs(frames) < 0.05, "\(frames)")
    }

    @Test("the gradient is that of the function, in double precision, also where a clip begins between frames")
    func gradient() throws {
        let input = try Self.shared.get()
        let mel = try randn(61, [1, 151, 64], dtype: .float64) - 2
        let weights = try randn(62, [1, 2, 1, 128, 204], dtype: .float64)
        func loss(_ mel: Tensor) throws -> Tensor { try (input(mel, samples: 24_077, clips: 2) * weights).sum() }
        let leaf = try mel.leaf()
        let gradient = try Autograd.gradients(of: loss(leaf), [leaf])[0]
        for seed in UInt64(63)..<66 {
            let direction = try randn(seed, [1, 151, 64], dtype: .float64)
            let h = 1e-5
            let slope = (try loss(mel + direction * h).item() - loss(mel - direction * h).item()) / (2 * h)
            let ours = try (gradient * direction).sum().item()
            #expect(abs(slope - ours) < 1e-6 * max(1, abs(slope)), "\(slope), \(ours)")
        }
        #expect(try gradient.maxAbs() > 0.01)
    }

    @Test("clips hear what lies within them, and samples of a batch do not hear each other")
    func spans() throws {
        let input = try Self.shared.get()
        // Two seconds, the second loud.
        let quiet = try Tensor.full([1, 100, 64], -9)
        let loud = try Tensor.full([1, 100, 64], -1)
        let late = try input(Tensor.cat([quiet, loud], 1), samples: 32_000, clips: 2)
        let apart = try input(quiet, samples: 16_000, clips: 1)
        #expect(try (late.narrow(1, from: 0, count: 1) - apart).maxAbs() < 1e-6)
        #expect(try (late.narrow(1, from: 1, count: 1) - input(loud, samples: 16_000, clips: 1)).maxAbs() < 1e-6)
        let mels = try randn(70, [3, 200, 64]) - 3
        let together = try input(mels, samples: 32_000, clips: 3)
        for row in 0..<3 {
            let alone = try input(mels.narrow(0, from: row, count: 1), samples: 32_000, clips: 3)
            #expect(try (alone - together.narrow(0, from: row, count: 1)).maxAbs() < 1e-5)
        }
    }

    @Test(
        "lengths, clips and padding are those of the waveform's features",
        arguments: [(0, 1), (399, 2), (400, 1), (9_600, 2), (16_000, 1), (20_011, 4), (32_032, 2)])
    func contract(samples: Int, clips: Int) throws {
        var settings = ClipSettings.imageBind
        settings.targetLength = 90
        for settings in [.imageBind, settings] {
            let wave = try ImageBindAudioInput(settings, device: .cpu)(
                randn(80, [2, 1, samples]) * 0.1, clips: clips)
            let mel = try ImageBindMelInput(settings, vocoder: Self.vocoder.get(), device: .cpu)(
                Tensor.full([2, max(samples / 160, 1), 64], -3), samples: samples, clips: clips)
            #expect(mel.shape == wave.shape && mel.dtype == wave.dtype)
            let padding = 4.268 / 9.138
            func isPadded(_ clips: Tensor) throws -> [Bool] {
                try clips.floats().map { abs(Double($0) - padding) < 1e-6 }
            }
            #expect(try isPadded(mel) == isPadded(wave))
        }
    }

    @Test("spectrograms beyond all sense give finite features and gradients")
    func extremes() throws {
        for value in [-1e30, -200, 200, 1e30] {
            let leaf = try Tensor.full([1, 100, 64], value).leaf()
            let clips = try Self.shared.get()(leaf, samples: 16_000, clips: 1)
            #expect(try clips.isFinite() && Autograd.gradients(of: clips.sum(), [leaf])[0].isFinite())
        }
    }

    /// The demo's sounds, as 16-bit samples after the chunk's name and size.
    private func demoSounds() throws -> [[Double]] {
        let folder = Fixtures.checkout.appending(path: "demo/scenes")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".wav") }.sorted()
            .map { name in
                let file = try Data(contentsOf: folder.appending(path: name))
                let chunk = try #require(file.range(of: Data("data".utf8)))
                let samples = [UInt8](file[(chunk.upperBound + 4)...])
                return stride(from: 0, to: samples.count - 1, by: 2).map {
                    Double(Int16(truncatingIfNeeded: Int(samples[$0]) | Int(samples[$0 + 1]) << 8)) / 32768
                }
            }
    }

    @Test("a trained binder takes a spectrogram for the sound that it stands for")
    func binder() throws {
        let folder = Fixtures.checkout.appending(path: "Models/toyworld/imagebind")
        let configuration = try JSONDecoder().decode(
            ImageBindModel.Configuration.self, from: Data(contentsOf: folder.appending(path: "config.json")))
        let file = try WeightFile.open(folder.appending(path: "imagebind_huge.safetensors").path)
        let network = try ImageBindModel(configuration, WeightStore(file, dtype: .float32).root)
        let heard = try ImageBindAudioInput(.imageBind, device: .cpu)
        let pairs = try demoSounds().map { wave in
            let ours = try network.audio(
                Self.shared.get()(logMel(wave).to(.float32), samples: wave.count, clips: 2))
            let theirs = try network.audio(heard(Tensor(wave.map(Float.init), shape: [1, 1, wave.count]), clips: 2))
            return (ours: try ours.normalized().doubles(), theirs: try theirs.normalized().doubles())
        }
        #expect(pairs.count >= 8)
        func cosine(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        let own = pairs.map { cosine($0.ours, $0.theirs) }
        #expect(mean(own) > 0.94, "\(own)")
        let found = pairs.indices.filter { index in
            pairs.indices.allSatisfy { cosine(pairs[index].ours, pairs[$0].theirs) <= own[index] }
        }
        #expect(found.count * 5 >= pairs.count * 4, "\(found)")
    }

    @Test("a vocoder for other spectrograms is refused by field and value")
    func refusals() throws {
        let file = Fixtures.checkout.appending(path: "Models/toyworld/audioldm/vocoder/config.json")
        let cases: [(String, Any?, String)] = [
            ("model_in_dim", 80, "80"), ("sampling_rate", 22_050, "22050"),
            ("upsample_rates", [4, 4, 4, 4], "[4, 4, 4, 4]"),
            ("upsample_rates", Array(repeating: 1 << 20, count: 5), "\(Array(repeating: 1 << 20, count: 5))"),
            ("normalize_before", true, "true"), ("normalize_before", nil, "missing"),
        ]
        for (field, value, found) in cases {
            var json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
            json[field] = value
            let configuration = try JSONDecoder().decode(
                SpeechT5HifiGan.Configuration.self, from: JSONSerialization.data(withJSONObject: json))
            let error = try #require(throws: ConfigurationError.self) {
                try ImageBindMelInput(.imageBind, vocoder: configuration, device: .cpu)
            }
            #expect(error.model == "SpeechT5HifiGan" && error.field == field && error.found == found, "\(error)")
        }
    }
}
