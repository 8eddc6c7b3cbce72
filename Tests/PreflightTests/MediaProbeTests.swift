import Foundation
import TestSupport
import Testing

@testable import Preflight

@Suite struct MediaProbeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("an image is found with its size and without a duration")
    func images() throws {
        let path = try folder.write("P6\n24 20\n255\n" + String(repeating: "abc", count: 480), to: "a.ppm")
        let found = try MediaProbe().probe(path)
        #expect(found == ProbedInput(duration: nil, width: 24, height: 20, hasAudio: false, isImage: true))
    }

    @Test("an audio file is found with its duration and without a size")
    func audio() throws {
        func number(_ value: UInt32, _ bytes: Int) -> Data {
            withUnsafeBytes(of: value.littleEndian) { Data($0.prefix(bytes)) }
        }
        // Half a second of silence: 8000 samples a second, mono, 16 bit.
        let format =
            number(16, 4) + number(1, 2) + number(1, 2) + number(8000, 4) + number(16_000, 4) + number(2, 2)
            + number(16, 2)
        let wave = Data("RIFF".utf8) + number(36 + 8000, 4) + Data("WAVEfmt ".utf8) + format + Data("data".utf8)
        let url = folder.url.appending(path: "a.wav")
        try (wave + number(8000, 4) + Data(count: 8000)).write(to: url)
        var found = try MediaProbe().probe(url.path)
        #expect(found.videoFault?.kind == "noVideoStream" && found.audioFault == nil)
        found.videoFault = nil
        #expect(
            found
                == ProbedInput(
                    duration: 0.5, audioDuration: 0.5, width: nil, height: nil, hasAudio: true, isImage: false))
    }

    @Test("a file that is no media file is refused with the reason and a remedy")
    func whatIsNoMediaFile() throws {
        func kind(_ path: String) -> String? {
            do throws(InputProbeError) {
                _ = try MediaProbe().probe(path)
                return nil
            } catch {
                #expect(!error.found.isEmpty && !error.remedy.isEmpty)
                return error.kind
            }
        }
        #expect(kind(try folder.write("just some words, and no film at all\n", to: "text.mp4")) == "unrecognised")
        #expect(kind(try folder.write("", to: "zero.mp4")) == "empty")
        #expect(kind(folder.url.path) == "notAFile")
        #expect(kind(folder.url.appending(path: "none.mp4").path) == "notFound")
    }
}
