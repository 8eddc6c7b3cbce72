import ClipSampling
import Foundation
import Testing

@testable import Media

@Suite struct AudioWindowTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    private func wave(_ name: String, _ channels: [[Float]], rate: Int = 16000) throws -> String {
        try studio.write(
            name, AudioWriter.encode(PlanarAudio(sampleRate: rate, channels: channels)!, as: .wav, .float))
    }

    private func tone(_ count: Int, rate: Int = 16000, _ amplitude: Float = 0.5) -> [Float] {
        (0..<count).map { Float(sin(Double($0) * 440 * 2 * .pi / Double(rate))) * amplitude }
    }

    private func worst(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
        zip(a, b).map { abs($0 - $1) }.max() ?? 1
    }

    @Test("a window holds its samples exactly and is padded with silence to the length asked for")
    func windowsAndPadding() throws {
        let samples = tone(16000)
        let path = try wave("a.wav", [samples])
        let whole = try AudioWindow.read(path)
        #expect(whole.samples == samples && whole.padded == 0 && whole.kind == .sound && whole.duration == 1)
        #expect(abs(whole.peak - 0.5) < 1e-4)
        let longer = try AudioWindow.read(path, samples: 20000)
        #expect(longer.samples == samples + [Float](repeating: 0, count: 4000) && longer.padded == 4000)
        let shorter = try AudioWindow.read(path, samples: 7)
        #expect(shorter.samples == Array(samples[..<7]) && shorter.padded == 0)
        let part = try AudioWindow.read(path, start: Fraction(1, 2), duration: Fraction(1, 4), samples: 16000)
        #expect(part.samples[..<4000] == samples[8000..<12000] && part.padded == 12000)
        #expect(part.samples[4000...].allSatisfy { $0 == 0 }, "what lies behind the window is not heard")
        let rest = try AudioWindow.read(path, start: Fraction(15999, 16000), duration: 9, samples: 2)
        #expect(rest.samples == [samples[15999], 0] && rest.padded == 1)
        #expect(try AudioWindow.read(path, duration: Fraction(asWritten: 0.237)).samples.count == 3792)
    }

    @Test("windows outside the audio, broken samples and a video without audio are refused")
    func refusals() throws {
        let path = try wave("a.wav", [tone(1000)])
        #expect(fails(.outOfRange) { _ = try AudioWindow.read(path, start: Fraction(1000, 16000)) }, "at the end")
        #expect(fails(.outOfRange) { _ = try AudioWindow.read(path, start: 9) })
        #expect(fails(.outOfRange) { _ = try AudioWindow.read(path, start: -1) })
        #expect(fails(.outOfRange) { _ = try AudioWindow.read(path, duration: 0) })
        #expect(fails(.outOfRange) { _ = try AudioWindow.read(path, samples: 0) })
        #expect(fails(.tooLarge) { _ = try AudioWindow.read(path, samples: Limits.samples + 1) })
        var bytes = try AudioWriter.encode(PlanarAudio(sampleRate: 16000, channels: [tone(64)])!, as: .wav, .float)
        bytes.replaceSubrange(bytes.count - 8..<bytes.count - 4, with: [0, 0, 0xC0, 0x7F])
        let broken = try studio.write("nan.wav", bytes)
        #expect(fails(.corrupt) { _ = try AudioWindow.read(broken) })
        let silentVideo = try studio.counted("film.mp4")
        #expect(fails(.noAudioStream) { _ = try AudioWindow.read(silentVideo) })
    }

    @Test func silenceIsReported() throws {
        let nothing = try AudioWindow.read(try wave("0.wav", [[Float](repeating: 0, count: 800)]), samples: 1600)
        #expect(nothing.kind == .silence && nothing.peak == 0 && nothing.padded == 800)
        let faint = try AudioWindow.read(try wave("f.wav", [tone(800, 0.9e-4)]))
        #expect(faint.kind == .silence && faint.peak > 0)
        #expect(try AudioWindow.read(try wave("g.wav", [tone(800, 1.2e-4)])).kind == .sound)
        // Two channels that cancel out are silence to the one ear that listens.
        let left = tone(800)
        #expect(try AudioWindow.read(try wave("h.wav", [left, left.map { -$0 }])).kind == .silence)
        // A silent beginning alone does not count.
        let late = try wave("l.wav", [[Float](repeating: 0, count: 16000) + tone(16000)])
        #expect(try AudioWindow.read(late, duration: 1).kind == .silence)
        #expect(try AudioWindow.read(late, duration: 2).kind == .sound)
    }

    @Test("8-bit, 24-bit and 5.1 audio is read as 16 kHz mono")
    func otherFormats() throws {
        // 8 bits: steps of 1/128 around 128.
        let eight = try studio.make("8.wav", "-f lavfi -i 'aevalsrc=0.5*sin(2*PI*440*t):s=16000:d=0.5' -c:a pcm_u8")
        let heard = try AudioWindow.read(eight)
        #expect(heard.samples.count == 8000 && worst(heard.samples, tone(8000)) < 1.0 / 64)
        #expect(heard.samples.allSatisfy { ($0 * 128).rounded() == $0 * 128 })
        // 96 kHz in 24 bits.
        let fine = try studio.make("96.flac", "-f lavfi -i 'aevalsrc=0.5*sin(2*PI*440*t):s=96000:d=1' -sample_fmt s32")
        let resampled = try AudioWindow.read(fine, samples: 16000)
        #expect(resampled.padded <= 1 && worst(resampled.samples[200..<15800], tone(16000)[200..<15800]) < 1e-4)
        // 5.1: weights 1 for the middle, √½ for front, ½ for the back, none for the low effects, their sum made 1.
        func surround(_ channel: Int) throws -> AudioWindow {
            let parts = (0..<6).map { $0 == channel ? "0.5*sin(2*PI*440*t)" : "0" }.joined(separator: "|")
            return try AudioWindow.read(
                try studio.make(
                    "s\(channel).wav",
                    "-f lavfi -i 'aevalsrc=\(parts):c=5.1:s=16000:d=0.5' -c:a pcm_f32le"))
        }
        let sum = 2 + 2 * 0.5.squareRoot()
        for (channel, weight) in [(0, 0.5.squareRoot()), (2, 1), (4, 0.5)] {
            let gain = Float(weight / sum)
            let mixed = try surround(channel)
            #expect(worst(mixed.samples, tone(8000, 0.5 * gain)) < 1e-3, "channel \(channel): \(mixed.peak)")
        }
        #expect(try surround(3).kind == .silence)
        // More channels than there are names for: their mean.
        let many = try wave("12.wav", (0..<12).map { c in tone(800, c == 7 ? 0.6 : 0) })
        #expect(try worst(AudioWindow.read(many).samples, tone(800, 0.05)) < 1e-6)
    }

    @Test("a video's audio track is read without the encoder's filling")
    func audioTracksOfVideos() throws {
        let path = try studio.make(
            "v.mp4",
            "-f lavfi -i testsrc2=s=32x32:r=10:d=2 -f lavfi -i 'sine=f=440:d=2:r=48000' -pix_fmt yuv420p -c:a aac")
        let sound = try AudioWindow.read(path)
        #expect(sound.samples.count == 32000, "without what the encoder filled up its last block with")
        #expect(sound.kind == .sound)
        let later = try AudioWindow.read(path, start: 1, samples: 16000)
        #expect(later.padded == 0 && worst(later.samples, sound.samples[16000...]) == 0)
        #expect(fails(.outOfRange) { _ = try AudioWindow.read(path, start: 2) })
        let alone = try studio.make("a.m4a", "-f lavfi -i 'sine=f=440:d=1.5:r=44100' -c:a aac")
        #expect(try AudioWindow.read(alone).samples.count == 24000)
        #expect(try AudioWindow.read(alone, start: 1, samples: 16000).padded == 8000)
    }
}
