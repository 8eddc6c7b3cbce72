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
        let encoder = SampleEncoder(run: temporary.run.description, job: try temporary.run.job) { _ in 0.9 }
        return (encoder, try temporary.run.samples[0], temporary)
    }

    private func result(_ waveform: [Float], isFinite: Bool = true) -> GenerationResult {
        let latent = GenerationResult.Latent(bytes: [UInt8](repeating: 0, count: 2 * 8), shape: [2, 2, 2])
        return GenerationResult(
            audio: GenerationResult.Audio(waveform: waveform, latent: latent), video: nil,
            losses: [1.5, 1.25], isFinite: isFinite)
    }

    private let input = SampleInput(condition: nil)

    /// What the runner does with a result.
    private func encode(
        _ encoder: SampleEncoder, _ planned: PlannedSample, _ result: GenerationResult
    ) throws -> Sample {
        let job = encoder.job
        let kept = job.settings(for: planned.task).guidance.beginnings.kept
        return try encoder.encode(planned, input, FinishedSamples(result, job, kept: kept))
    }

    private func document(_ sample: Sample) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(sample.members["json"] ?? [])) as? [String: Any])
    }

    /// Finished samples of a row, the better first, by the amplitude of each.
    private func several(_ amplitudes: [Float]) -> GenerationResult {
        var results = amplitudes.enumerated().map { place, amplitude in
            var result = result([amplitude, -amplitude / 2])
            result.choice = GenerationResult.Choice(
                particle: 7 - place, score: 0.75 - Double(place) / 8,
                cuts: [Tournament.Cut(step: 1, scores: [0: 0.25, 7: 0.5, 6: 0.375], kept: [7, 6])])
            result.losses = [Double(place)]
            return result
        }
        let best = results.removeFirst()
        var all = best
        all.others = results
        return all
    }

    private static let beginnings = "tasks: {i2a: {guidance: {particles: 8, rounds: {0.5: 3}, best: 2, keep: KEEP}}}"

    @Test func theDocumentHoldsWhatMadeTheSampleAndNothingThatVaries() throws {
        let (encoder, planned, temporary) = try encoder()
        defer { withExtendedLifetime(temporary) {} }
        let sample = try encode(encoder, planned, result([0.5, -0.25]))
        #expect(sample.members.keys.sorted() == ["audio_latent.npy", "flac", "json"])
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(sample.members["json"] ?? [])) as? [String: Any])
        #expect(json["schema"] as? String == "seehear.sample/2")
        #expect(json["losses"] as? [Double] == [1.5, 1.25])
        #expect((json["audio"] as? [String: Any])?["peak"] as? Double == 0.5)
        #expect(json["config_sha256"] as? String == temporary.run.description.configSHA256)
        for key in ["host", "rank", "seconds", "stages", "time"] { #expect(json[key] == nil) }
        #expect(try encode(encoder, planned, result([0.5, -0.25])).members == sample.members)
    }

    @Test("the document tells what the guides found, and nothing where they found nothing")
    func findings() throws {
        let (encoder, planned, temporary) = try encoder(Self.beginnings.replacing("KEEP", with: "best"))
        defer { withExtendedLifetime(temporary) {} }
        var found = result([0.5])
        found.choice = GenerationResult.Choice(
            particle: 3, score: 0.75, cuts: [Tournament.Cut(step: 2, scores: [3: 0.5, 0: 0.25], kept: [3])])
        found.videoChoice = GenerationResult.Choice(particle: 1, score: 0.5, cuts: [])
        found.trust = 0.625
        found.words = [FoundWords.Word(text: "a bell", weight: 0.875, cosine: 0.5)]
        found.definiteCaption = "a large bell"
        let json = try document(encode(encoder, planned, found))
        #expect(json["score"] as? Double == 0.75)
        #expect(json["particle"] as? Int == 3)
        let cut = try #require((json["cuts"] as? [[String: Any]])?.first)
        #expect(cut["step"] as? Int == 2)
        #expect(cut["particles"] as? [Int] == [0, 3])
        #expect(cut["scores"] as? [Double] == [0.25, 0.5])
        #expect(cut["kept"] as? [Int] == [3])
        #expect((json["video_choice"] as? [String: Any])?["score"] as? Double == 0.5)
        #expect(json["trust"] as? Double == 0.625)
        let word = try #require((json["words"] as? [[String: Any]])?.first)
        #expect(word["text"] as? String == "a bell")
        #expect(word["weight"] as? Double == 0.875)
        #expect(word["cosine"] as? Double == 0.5)
        #expect(json["definite_caption"] as? String == "a large bell")
        #expect(json["finished"] == nil, "there was one")

        let (plain, again, other) = try self.encoder()
        defer { withExtendedLifetime(other) {} }
        let bare = try document(encode(plain, again, result([0.5])))
        for key in [
            "score", "particle", "cuts", "video_choice", "trust", "words", "definite_caption", "finished",
        ] {
            #expect(bare[key] == nil, "\(key)")
        }
    }

    @Test("with `keep: all` the others stand beside the best, with their ranks")
    func ranks() throws {
        let (encoder, planned, temporary) = try encoder(Self.beginnings.replacing("KEEP", with: "all"))
        defer { withExtendedLifetime(temporary) {} }
        let sample = try encode(encoder, planned, several([0.5, 0.25, 0.125]))
        // Two are asked for, whatever is left.
        #expect(
            sample.members.keys.sorted() == [
                "2.audio_latent.npy", "2.flac", "audio_latent.npy", "flac", "json",
            ])
        let alone = try encode(encoder, planned, several([0.25]))
        #expect(sample.members["2.flac"] == alone.members["flac"])
        let json = try document(sample)
        #expect(json["losses"] as? [Double] == [0])
        #expect((json["audio"] as? [String: Any])?["peak"] as? Double == 0.5)
        let finished = try #require(json["finished"] as? [[String: Any]])
        #expect(finished.map { $0["rank"] as? Int } == [1, 2, 3])
        #expect(finished.map { $0["particle"] as? Int } == [7, 6, 5])
        #expect(finished.map { $0["score"] as? Double } == [0.75, 0.625, 0.5])
        #expect(finished.map { $0["losses"] as? [Double] } == [nil, [1], nil])
        #expect(finished.map { ($0["audio"] as? [String: Any])?["peak"] as? Double } == [nil, 0.25, nil])
    }

    @Test(
        "what is not fit is left out and named, and the best of the others takes its place", arguments: ["best", "all"])
    func unfit(keep: String) throws {
        let (encoder, planned, temporary) = try encoder(Self.beginnings.replacing("KEEP", with: keep))
        defer { withExtendedLifetime(temporary) {} }
        let sample = try encode(encoder, planned, several([0, 0.25, 0.125]))
        #expect(sample.members["2.flac"] != nil || keep == "best")
        #expect(sample.members["flac"] == (try encode(encoder, planned, several([0.25]))).members["flac"])
        let json = try document(sample)
        #expect(json["score"] as? Double == 0.625)
        #expect(json["particle"] as? Int == 6)
        let finished = try #require(json["finished"] as? [[String: Any]])
        #expect(finished.map { $0["rank"] as? Int } == [1, 2, nil])
        #expect(finished.map { $0["particle"] as? Int } == [6, 5, 7])
        #expect(finished.map { $0["unfit"] as? String } == [nil, nil, "silent"])

        let none = #expect(throws: SampleFailure.self) { try encode(encoder, planned, several([0, 0])) }
        #expect(none?.kind == "silent")
        #expect(none?.message.hasPrefix("none of 2 finished samples is fit") == true)
    }

    @Test("a member of any rank has a name that a shard can hold")
    func longestNames() throws {
        for member in Member.allCases {
            for rank in [1, 2, 64] { try MemberExtension.validate(member.suffix(rank: rank)) }
        }
    }

    @Test func whatMustNotBeShippedIsAFailure() throws {
        let (encoder, planned, temporary) = try encoder()
        defer { withExtendedLifetime(temporary) {} }
        let silent = #expect(throws: SampleFailure.self) { try encode(encoder, planned, result([0, 0.00001])) }
        #expect(silent?.kind == "silent")
        let broken = #expect(throws: SampleFailure.self) {
            try encode(encoder, planned, result([.nan], isFinite: false))
        }
        #expect(broken?.kind == "notFinite")
    }

    @Test func silenceIsShippedWhereTheJobAllowsIt() throws {
        let (encoder, planned, temporary) = try encoder("silence: allow")
        defer { withExtendedLifetime(temporary) {} }
        #expect(try encode(encoder, planned, result([0, 0])).members["flac"]?.isEmpty == false)
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
                audio: audio, video: GenerationResult.Video(frames: [image], latent: latent),
                losses: [], isFinite: true)
        }
        let blank = #expect(throws: SampleFailure.self) { try encode(encoder, planned, drawn(103)) }
        #expect(blank?.kind == "blank")
        #expect(try encode(encoder, planned, drawn(110)).members["json"] != nil)
        let (tolerant, again, other) = try self.encoder("blank: allow")
        defer { withExtendedLifetime(other) {} }
        #expect(try encode(tolerant, again, drawn(100)).members["json"] != nil)
    }
}
