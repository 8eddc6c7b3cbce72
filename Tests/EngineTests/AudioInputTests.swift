import Foundation
@testable import Networks
import Goldens
import Method
import TestSupport
import Testing
import Torch

@testable import Engine

/// Log-mel features against torchaudio, and the binder's clips against the reference, with gradients.
@Suite struct AudioInputTests {
    struct Goldens: Decodable, Sendable {
        struct Wave: Decodable, Sendable, CustomTestStringConvertible {
            let name: String
            let channels: Int
            let samples: Int
            let clips: Int
            var testDescription: String { name }
        }
        struct Condition: Decodable, Sendable, CustomTestStringConvertible {
            let samples: Int
            let seed: UInt64
            let clips: Int
            var testDescription: String { "\(Double(samples) / 16_000) s" }
        }
        let waves: [Wave]
        let conditions: [Condition]
        let sounds: [String: Int]
    }

    static let waves = (try? Fixtures.goldens.description(Goldens.self, of: "inputs").waves) ?? []
    static let conditions = (try? Fixtures.goldens.description(Goldens.self, of: "inputs").conditions) ?? []

    @Test func goldensAreThere() {
        #expect(Set(Self.waves.map(\.name)).isSuperset(of: ["overlapping", "short", "stereo"]))
        #expect(Self.conditions.map(\.samples) == [400, 6_400, 16_000, 37_920, 160_000])
    }

    private func audio(_ name: String) throws -> Tensor {
        let wave: Tensor =
            switch name {
            case "noise": try randn(21, [16000]) * 0.1
            case "silence": try Tensor.zeros([16000])
            case "faint": try randn(22, [4001]) * 1e-7
            case "loud": try randn(23, [4001]) * 3
            case "tone": try (Tensor.arange(to: 16000) / Tensor.full([], 16000) * (2 * .pi * 440)).sin() * 0.5
            case "short": try randn(24, [400]) * 0.1
            default: throw UnknownAudio(name: name)
            }
        return try wave.unsqueeze(0)
    }

    private struct UnknownAudio: Error { let name: String }

    @Test(
        "features and gradient of the filterbank agree with torchaudio's",
        arguments: ["noise", "silence", "faint", "loud", "tone", "short"])
    func filterbank(_ name: String) throws {
        let goldens = try Fixtures.goldens.units("inputs")
        let bank = try KaldiFilterbank(bins: 128, device: .cpu)
        let leaf = try audio(name).leaf()
        let features = try bank(leaf)
        #expect(features.shape == [1, 128, 1 + (leaf.size(1) - 400) / 160])
        let difference = try goldens.relativeDifference("fbank.\(name)", features.squeeze(0))
        // Single against double precision in torchaudio itself: 1.4e-5 for the tone, whose bins are nearly empty, and
        // 3e-2 for its gradient; 1.1e-6 and 1.5e-5 for the others.
        let tone = name == "tone"
        #expect(difference < (tone ? 5e-5 : 3e-6), "\(difference)")
        let w = try randn(25, [128, features.size(2)])
        let gradient = try Autograd.gradients(of: (features.squeeze(0) * w).sum(), [leaf])[0]
        #expect(try gradient.isFinite())
        if name == "silence" {
            // At the floor under the logarithm nothing moves.
            #expect(try gradient.maxAbs() == 0)
            #expect(try (features - Double(log(Float(1.1920928955078125e-07)))).maxAbs() < 1e-6)
        } else {
            let difference = try goldens.relativeDifference("fbank.\(name).gradient", gradient)
            #expect(difference < (tone ? 0.1 : 2e-4), "\(difference)")
        }
    }

    @Test func lowBinsAreConstant() throws {
        let features = try KaldiFilterbank(bins: 128, device: .cpu)(audio("noise"))
        let columns = try features.squeeze(0).floats()
        let constant = (0..<128).filter { bin in
            columns[(bin * 98)..<(bin * 98 + 98)].allSatisfy { $0 == columns[bin * 98] }
        }
        #expect(!constant.isEmpty && constant.allSatisfy { $0 < 16 })
    }

    @Test("the clips of a waveform and their gradient agree with the reference", arguments: waves)
    func clips(_ item: Goldens.Wave) throws {
        let goldens = try Fixtures.goldens.units("inputs")
        let input = try ImageBindAudioInput(.imageBind, device: .cpu)
        let leaf = try (randn(30, [item.channels, item.samples]) * 0.1 + 0.02).leaf()
        let clips = try input(leaf.unsqueeze(0), clips: item.clips)
        #expect(clips.shape == [1, item.clips, 1, 128, 204])
        let difference = try goldens.relativeDifference("audio.\(item.name)", clips)
        #expect(difference < 2e-6, "\(difference)")
        let gradient = try Autograd.gradients(of: (clips * randn(31, clips.shape)).sum(), [leaf])[0]
        let off = try goldens.relativeDifference("audio.\(item.name).gradient", gradient)
        #expect(off < 1e-3, "\(off); the floor of single precision is 7e-5, more on few elements")
    }

    @Test(
        "audio as a condition makes one clip for each second begun, and the embedding agrees with the reference",
        arguments: conditions)
    func embeddedAudio(_ item: Goldens.Condition) throws {
        let goldens = try Fixtures.goldens.units("inputs")
        let sound = try (randn(item.seed, [1, 1, item.samples]) * 0.1 - 0.03)
        let clips = try ImageBindAudioInput(.imageBind, device: .cpu)(sound, clips: item.clips)
        #expect(clips.shape == [1, (item.samples + 15_999) / 16_000, 1, 128, 204])
        let difference = try goldens.relativeDifference("condition.\(item.samples).clips", clips)
        // Over all elements 1e-6 at most, the reference itself 9e-7 off double precision; but nearly empty bins are up to
        // 6e-5 off in both, and one of them among the few that are kept makes 2.7e-6.
        #expect(difference < 5e-6, "\(difference)")
        let embedding = try LabelCaptionerTests.binder.get().network.audio(clips)
        let off = try goldens.relativeDifference("condition.\(item.samples).embedding", embedding)
        #expect(off < 1e-5, "\(off)")
    }

    /// The samples of a batch do not hear each other.
    @Test func aBatchIsItsSamples() throws {
        let input = try ImageBindAudioInput(.imageBind, device: .cpu)
        let waves = try randn(40, [3, 1, 40_000])
        let together = try input(waves, clips: 3)
        for sample in 0..<3 {
            let alone = try input(waves.narrow(0, from: sample, count: 1), clips: 3)
            #expect(try (alone - together.narrow(0, from: sample, count: 1)).maxAbs() < 1e-5)
        }
    }

    @Test("audio shorter than one frame of the filterbank counts as silence", arguments: [0, 1, 399])
    func lessThanAFrame(samples: Int) throws {
        let input = try ImageBindAudioInput(.imageBind, device: .cpu)
        let clips = try input(Tensor.full([2, 1, samples], 0.3), clips: 2)
        #expect(clips.shape == [2, 2, 1, 128, 204])
        #expect(try (clips - 4.268 / 9.138).maxAbs() < 1e-6)
    }

    @Test("clips take their length from the settings")
    func otherSettings() throws {
        var settings = ClipSettings.imageBind
        settings.clipDuration = 2
        settings.targetLength = 100
        let input = try ImageBindAudioInput(settings, device: .cpu)
        let clips = try input(randn(1, [1, 1, 48_000]), clips: 2)
        #expect(clips.shape == [1, 2, 1, 128, 100], "198 frames are cut to 100")
        #expect(try clips.isFinite())
    }
}
