import CaptionServer
import ClipSampling
import Foundation
import Method
import Testing

@testable import Worker

@Suite("What a caption server is asked")
struct ServedCaptionsTests {
    private static let server = CaptionServerSettings(url: "http://h/v1")

    private func big(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    @Test(
        "a picture goes as a PNG that fits into 1024 pixels, in its shape",
        arguments: [(2048, 512, 1024, 256), (300, 1200, 256, 1024), (2000, 1, 1024, 1), (64, 48, 64, 48)])
    func pictures(width: Int, height: Int, sentWidth: Int, sentHeight: Int) throws {
        let image = try #require(
            Image(width: width, height: height, pixels: [UInt8](repeating: 90, count: 3 * width * height)))
        let question = try #require(
            try ServedCaptions.question(.image(image), CaptionerSettings(server: Self.server)))
        guard case .png(let bytes) = question.media else {
            Issue.record("no picture")
            return
        }
        #expect(big(bytes[16..<20]) == sentWidth && big(bytes[20..<24]) == sentHeight)
        #expect(question.prompt == CaptionServerSettings.imagePrompt)
    }

    @Test("of a sound the first 30 seconds go, in 16 bits", arguments: [(1, 1), (30, 30), (31, 30)])
    func sounds(seconds: Int, sent: Int) throws {
        let samples = [Float](repeating: 0.25, count: 16000 * seconds)
        let question = try #require(
            try ServedCaptions.question(.audio(samples), CaptionerSettings(server: Self.server)))
        guard case .wav(let bytes) = question.media else {
            Issue.record("no sound")
            return
        }
        #expect(bytes.count == 44 + 2 * 16000 * sent)
    }

    @Test("what has a model of its own is not asked about")
    func own() throws {
        let settings = CaptionerSettings(audio: "/whisper", server: Self.server)
        #expect(try ServedCaptions.question(.audio([0.5]), settings) == nil)
    }
}
