import ClipSampling
import Foundation
import Method
import Planning
import Shard
import TestSupport
import Testing

@testable import Engine
@testable import Worker

@Suite struct SampleEncoderTests {
    private func encoder(_ settings: String = "") throws -> (SampleEncoder, PlannedSample, TemporaryRun) {
        let temporary = try TemporaryRun(
            [("a", .image, "a.ppm")], files: ["a.ppm": TestMedia.image(shade: 10)], settings: settings)
        let encoder = SampleEncoder(run: temporary.run.description) { _ in 0.9 }
        return (encoder, try temporary.run.samples[0], temporary)
    }

    private func result(_ waveform: [Float], isFinite: Bool = true) -> GenerationResult {
        let latent = GenerationResult.Latent(bytes: [UInt8](repeating: 0, count: 2 * 8), shape: [2, 2, 2])
        return GenerationResult(
            label: nil, audio: GenerationResult.Audio(waveform: waveform, latent: latent), video: nil,
            losses: [1.5, 1.25], isFinite: isFinite)
    }

    private let input = SampleInput(condition: nil)

    @Test func theDocumentHoldsWhatMadeTheSampleAndNothingThatVaries() throws {
        let (encoder, planned, temporary) = try encoder()
        defer { withExtendedLifetime(temporary) {} }
        let sample = try encoder.encode(planned, input, result([0.5, -0.25]))
        #expect(sample.members.keys.sorted() == ["audio_latent.npy", "flac", "json"])
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(sample.members["json"] ?? [])) as? [String: Any])
        #expect(json["schema"] as? String == "seehear.sample/2")
        #expect(json["losses"] as? [Double] == [1.5, 1.25])
        #expect((json["audio"] as? [String: Any])?["peak"] as? Double == 0.5)
        #expect(json["config_sha256"] as? String == temporary.run.description.configSHA256)
        for key in ["host", "rank", "seconds", "stages", "time"] { #expect(json[key] == nil) }
        #expect(try encoder.encode(planned, input, result([0.5, -0.25])).members == sample.members)
    }

    @Test func whatMustNotBeShippedIsAFailure() throws {
        let (encoder, planned, temporary) = try encoder()
        defer { withExtendedLifetime(temporary) {} }
        let silent = #expect(throws: SampleFailure.self) { try encoder.encode(planned, input, result([0, 0.00001])) }
        #expect(silent?.kind == "silent")
        let broken = #expect(throws: SampleFailure.self) {
            try encoder.encode(planned, input, result([.nan], isFinite: false))
        }
        #expect(broken?.kind == "notFinite")
    }

    @Test func silenceIsShippedWhereTheJobAllowsIt() throws {
        let (encoder, planned, temporary) = try encoder("silence: allow")
        defer { withExtendedLifetime(temporary) {} }
        #expect(try encoder.encode(planned, input, result([0, 0])).members["flac"]?.isEmpty == false)
    }

    @Test func anImageOfOneColourIsAFailure() throws {
        let (encoder, planned, temporary) = try encoder()
        defer { withExtendedLifetime(temporary) {} }
        func drawn(_ value: UInt8) throws -> GenerationResult {
            let pixels = (0..<12).map { $0 < 6 ? 100 : value }
            let image = try #require(Image(width: 2, height: 2, pixels: pixels))
            let audio = result([0.5]).audio
            let latent = GenerationResult.Latent(bytes: [], shape: [])
            return GenerationResult(
                label: nil, audio: audio, video: GenerationResult.Video(frames: [image], latent: latent),
                losses: [], isFinite: true)
        }
        let blank = #expect(throws: SampleFailure.self) { try encoder.encode(planned, input, drawn(103)) }
        #expect(blank?.kind == "blank")
        #expect(try encoder.encode(planned, input, drawn(110)).members["json"] != nil)
        let (tolerant, again, other) = try self.encoder("blank: allow")
        defer { withExtendedLifetime(other) {} }
        #expect(try tolerant.encode(again, input, drawn(100)).members["json"] != nil)
    }
}
