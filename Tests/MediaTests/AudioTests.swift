import ClipSampling
import Foundation
import Testing

@testable import Media

@Suite struct AudioTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    private func tone(_ count: Int, rate: Int = 16000, channels: Int = 1) -> PlanarAudio {
        let planes = (0..<channels).map { c in
            (0..<count).map { Float(sin(Double($0) * 440 * 2 * .pi / Double(rate))) * (c == 0 ? 0.5 : -0.25) }
        }
        return PlanarAudio(sampleRate: rate, channels: planes)!
    }

    @Test(arguments: [AudioWriter.Format.wav, .flac], [1, 2])
    func integersComeBackExactly(format: AudioWriter.Format, channels: Int) throws {
        let sound = tone(4001, channels: channels)
        for (encoding, scale) in [(AudioWriter.Encoding.pcm16, Float(32768)), (.pcm24, 8_388_608)] {
            let path = try studio.write("\(encoding).\(format)", AudioWriter.encode(sound, as: format, encoding))
            let back = try AudioReader.read(path, sampleRate: nil)
            #expect(back.sampleRate == 16000 && back.channels.count == channels && back.count == 4001)
            let worst = zip(back.channels.joined(), sound.channels.joined()).map { abs($0 - $1) }.max() ?? 1
            #expect(worst <= 0.51 / scale * 1.01)
        }
    }

    @Test func floatsComeBackBitByBit() throws {
        let sound = PlanarAudio(sampleRate: 16000, channels: [[0, 1.5, -2, 1e-20, 0.1]])!
        let path = try studio.write("f.wav", AudioWriter.encode(sound, as: .wav, .float))
        #expect(try AudioReader.read(path) == sound)
    }

    @Test("the bytes of an audio file depend on the audio alone")
    func bytesDependOnTheAudioAlone() throws {
        let sound = tone(2000)
        for format in AudioWriter.Format.allCases {
            for encoding in AudioWriter.Encoding.allCases where format == .wav || encoding != .float {
                let bytes = try AudioWriter.encode(sound, as: format, encoding)
                #expect(try AudioWriter.encode(sound, as: format, encoding) == bytes)
                if format == .wav {
                    #expect(bytes.starts(with: "RIFF".utf8))
                    let text = String(decoding: bytes.prefix(100), as: UTF8.self)
                    #expect(!text.contains("PEAK") && !text.contains("LIST"))
                }
            }
        }
        #expect(try AudioWriter.encode(sound, as: .wav).count == 44 + 4000)
        #expect(try AudioWriter.encode(sound, as: .flac).starts(with: "fLaC".utf8))
    }

    @Test("loud audio is clipped, and what cannot be encoded is refused")
    func clippingAndRefusals() throws {
        let loud = PlanarAudio(sampleRate: 8000, channels: [[2, -2, 1, -1]])!
        for format in AudioWriter.Format.allCases {
            let path = try studio.write("loud.\(format)", AudioWriter.encode(loud, as: format))
            #expect(
                try AudioReader.read(path, sampleRate: nil).channels[0] == [32767.0 / 32768, -1, 32767.0 / 32768, -1])
        }
        let bad = PlanarAudio(sampleRate: 8000, channels: [[.nan]])!
        #expect(fails(.invalidInput) { _ = try AudioWriter.encode(bad, as: .wav) })
        #expect(fails(.invalidInput) { _ = try AudioWriter.encode(loud, as: .flac, .float) })
        #expect(
            fails(.invalidInput) {
                _ = try AudioWriter.encode(PlanarAudio(sampleRate: 8000, channels: [[]])!, as: .wav)
            })
        #expect(PlanarAudio(sampleRate: 8000, channels: [[1], []]) == nil)
        #expect(PlanarAudio(sampleRate: 0, channels: [[1]]) == nil)
    }

    /// 44.1 kHz to 16 kHz: the length, the tone itself, and the program's soxr as a second opinion.
    @Test("resampling from 44.1 to 16 kHz keeps length and tone, and agrees with soxr")
    func resampling() throws {
        let path = try studio.write("44.wav", AudioWriter.encode(tone(44100, rate: 44100), as: .wav, .float))
        let sound = try AudioReader.read(path, sampleRate: 16000)
        #expect(abs(sound.count - 16000) <= 1)
        let expected = tone(16000).channels[0]
        let error = (400..<15600).map { abs(sound.channels[0][$0] - expected[$0]) }.max() ?? 1
        #expect(error < 1e-5)
        let raw = try studio.ffmpeg("-i 44.wav -af aresample=16000:resampler=soxr:precision=28 -f f32le -")
        let theirs = raw.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let difference = zip(theirs, sound.channels[0]).map { abs($0 - $1) }.max() ?? 1
        #expect(difference < 1e-6)
    }

    @Test("in librosa's style the channels' mean is resampled by soxr at 20 bits, as long as librosa reckons")
    func librosa() throws {
        for (rate, count) in [(16000, 5000), (44100, 30001), (48000, 7), (22050, 100)] {
            let audio = tone(count, rate: rate, channels: 2)
            let path = try studio.write("l.wav", AudioWriter.encode(audio, as: .wav, .float))
            let sound = try AudioReader.readAsLibrosa(path, sampleRate: 22050)
            #expect(sound.sampleRate == 22050 && sound.channels.count == 1)
            #expect(sound.count == Int((Double(count) * (22050 / Double(rate))).rounded(.up)))
            let mean = zip(audio.channels[0], audio.channels[1]).map { ($0 + $1) / 2 }
            guard rate != 22050 else {
                #expect(sound.channels[0] == mean)
                continue
            }
            let mono = try #require(PlanarAudio(sampleRate: rate, channels: [mean]))
            _ = try studio.write("m.wav", AudioWriter.encode(mono, as: .wav, .float))
            let raw = try studio.ffmpeg("-i m.wav -af aresample=22050:resampler=soxr:precision=20 -f f32le -")
            let theirs = raw.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            #expect(zip(theirs, sound.channels[0]).allSatisfy { $0 == $1 })
            #expect(theirs.count >= sound.count - 1)
        }
    }

    @Test("the mean of many channels is numpy's to the last bit, which adds eight at a time")
    func numpysMean() throws {
        let values: [Float] = (0..<17).map { 0.1 * Float($0) - 0.7 }
        for count in [3, 7, 8, 17] {
            let channels = values.prefix(count).map { [$0] }
            let audio = try #require(PlanarAudio(sampleRate: 22050, channels: Array(channels)))
            let mean = try audio.asLibrosa(rate: 22050, file: "")[0]
            // numpy.mean(values[:count, None], axis=0), in float32.
            let expected: [Int: Float] = [3: -0.59999996, 7: -0.39999995, 8: -0.34999996, 17: 0.10000003]
            #expect(mean == expected[count])
        }
    }

    @Test("mono is the mean of the channels, and a window holds its samples exactly")
    func mixingAndWindows() throws {
        let path = try studio.write("s.wav", AudioWriter.encode(tone(32000, channels: 2), as: .wav, .float))
        let mono = try AudioReader.read(path, channels: 1)
        let stereo = try AudioReader.read(path)
        #expect(stereo.channels.count == 2)
        let mean = zip(stereo.channels[0], stereo.channels[1]).map { ($0 + $1) / 2 }
        #expect((zip(mono.channels[0], mean).map { abs($0 - $1) }.max() ?? 1) < 1e-6)
        let cut = try AudioReader.read(path, start: Fraction(1, 2), duration: Fraction(1, 4))
        #expect(cut.channels[0] == Array(stereo.channels[0][8000..<12000]))
        #expect(try AudioReader.read(path, start: 1, duration: 9).count == 16000)
        #expect(fails(.outOfRange) { _ = try AudioReader.read(path, start: 2) })
        #expect(fails(.outOfRange) { _ = try AudioReader.read(path, start: -1) })
        #expect(fails(.outOfRange) { _ = try AudioReader.read(path, sampleRate: 1) })
    }

    @Test("a video's audio counts from its first frame, and begins with silence where it is late")
    func audioOfAVideo() throws {
        let path = try studio.make(
            "late.mkv",
            "-f lavfi -i testsrc2=s=32x32:r=10:d=2 -itsoffset 0.5 -f lavfi -i 'sine=d=1:r=16000' -c:v ffv1 -c:a pcm_s16le"
        )
        let sound = try AudioReader.read(path)
        #expect(abs(sound.count - 24000) <= 16)
        #expect(sound.channels[0][0..<7900].allSatisfy { $0 == 0 })
        #expect(sound.channels[0][8100..<24000].contains { $0 > 0.05 })
        let info = try MediaInfo.probe(path)
        #expect(info.audio?.sampleRate == 16000 && info.audio?.channels == 1 && info.audio?.codec == "pcm_s16le")
        // AAC's priming samples are left out, and those that fill its last block: the sound begins where the picture does
        // and ends where the file says.
        let aac = try studio.make(
            "aac.mp4", "-f lavfi -i testsrc2=s=32x32:r=10:d=1 -f lavfi -i 'sine=d=1:r=48000' -pix_fmt yuv420p")
        let track = try AudioReader.read(aac, sampleRate: nil)
        #expect(track.count == 48000)
        for (start, count) in [(Fraction(1, 2), 24000), (Fraction(47999, 48000), 1)] {
            #expect(try AudioReader.read(aac, sampleRate: nil, start: start).count == count)
            #expect(try AudioReader.read(aac, sampleRate: nil, start: start, duration: 1).count == count)
        }
        #expect(fails(.outOfRange) { _ = try AudioReader.read(aac, start: 1) })
    }
}
