import ClipSampling
import Foundation
import Testing

@testable import Media

@Suite struct MuxerTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    private func sound(_ seconds: Double = 2, rate: Int = 16000) -> PlanarAudio {
        let count = Int(seconds * Double(rate))
        return PlanarAudio(
            sampleRate: rate,
            channels: [(0..<count).map { Float(sin(Double($0) * 600 * 2 * .pi / Double(rate))) * 0.5 }])!
    }

    private func packets(_ name: String) throws -> Data {
        try studio.ffmpeg("-i \(name) -map 0:v -c copy -f data -")
    }

    @Test(
        "a video that mp4 can hold is copied, frame by frame",
        arguments: ["a.mp4", "a.mkv", "a.ts", "a.flv", "vp9.webm", "av1.mkv", "mpeg4.mp4", "hevc.mp4"])
    func videoIsCopied(name: String) throws {
        let codecs = [
            "vp9.webm": "libvpx-vp9", "av1.mkv": "libaom-av1 -cpu-used 8 -usage realtime", "mpeg4.mp4": "mpeg4 -bf 2",
            "hevc.mp4": "libx265 -x265-params log-level=none",
        ]
        let path: String
        if let codec = codecs[name] {
            path = try studio.make(name, "-f lavfi -i testsrc2=s=64x64:r=20:d=2 -pix_fmt yuv420p -c:v \(codec)")
        } else {
            path = try studio.counted(name)
        }
        let output = try Muxer.mux(sound(), underVideo: path)
        #expect(output.video == .copied)
        #expect(try Muxer.mux(sound(), underVideo: path) == output, "the same bytes each time")
        let made = try studio.write("out.mp4", output.bytes)
        let (before, after) = (try VideoReader(path: path), try VideoReader(path: made))
        #expect(after.times.count == 40 && after.frameRate == 20)
        #expect(try after.frames(at: [0, 13, 39]) == before.frames(at: [0, 13, 39]))
        // Same pictures, bit by bit, by the program's reckoning as well.
        #expect(try studio.reference("out.mp4") == studio.reference(name))
        let track = try AudioReader.read(made, sampleRate: 16000)
        #expect(track.count == 32000)
        let error =
            zip(track.channels[0][2000..<30000], sound().channels[0][2000..<30000]).map { abs($0 - $1) }.max() ?? 1
        #expect(error < 0.02, "the sound begins with the picture")
        // The index stands in front, and no date is written.
        let head = String(decoding: output.bytes[4..<80], as: UTF8.self)
        #expect(head.hasPrefix("ftyp") && head.contains("moov"))
        #expect(!String(decoding: output.bytes, as: UTF8.self).contains("Lavf"))
    }

    @Test func othersAreEncoded() throws {
        for (name, codec) in [
            ("v.webm", "libvpx"), ("f.mkv", "ffv1 -pix_fmt yuv444p"), ("g.gif", "gif"),
            ("rgb.mkv", "ffv1 -pix_fmt bgr0"),
        ] {
            let path = try studio.make(name, "-f lavfi -i testsrc2=s=34x26:r=20:d=1 -c:v \(codec)")
            let output = try Muxer.mux(sound(1), underVideo: path)
            #expect(output.video != .copied, "\(name)")
            #expect(try Muxer.mux(sound(1), underVideo: path) == output)
            let made = try studio.write("out-\(name).mp4", output.bytes)
            let after = try VideoReader(path: made)
            #expect(after.times.count == 20 && after.info.video?.codec == "h264", "\(name)")
            let (x, y) = (try VideoReader(path: path).frames(at: [7])[0], try after.frames(at: [7])[0])
            let difference = zip(x.pixels, y.pixels).map { abs(Int($0) - Int($1)) }.reduce(0, +)
            #expect(
                Double(difference) / Double(x.pixels.count) < 20,
                "\(name): \(x.pixels.prefix(9)) became \(y.pixels.prefix(9))")
        }
    }

    @Test("a window within groups of pictures is copied and shows exactly its frames")
    func copiedWindows() throws {
        let path = try studio.counted("w.mp4")
        let whole = try VideoReader(path: path)
        for (start, length) in [(0, 11), (13, 8), (8, 32), (22, 1), (39, 1), (5, 14)] {
            let output = try Muxer.mux(
                sound(1), underVideo: path, start: Fraction(Int128(start), 20), duration: Fraction(Int128(length), 20))
            #expect(output.video == .copied)
            let made = try studio.write("w-\(start).mp4", output.bytes)
            let reader = try VideoReader(path: made)
            #expect(reader.times.count == length, "\(start) + \(length): \(reader.times.count)")
            #expect(try reader.frames(at: [0, length - 1]) == whole.frames(at: [start, start + length - 1]))
            #expect(try studio.reference("w-\(start).mp4").count == length * 32 * 24 * 3, "by the program's count")
        }
        #expect(fails(.outOfRange) { _ = try Muxer.mux(sound(), underVideo: path, start: 2) })
    }

    @Test("a window of a video that must be encoded has exactly its frames")
    func encodedWindows() throws {
        let path = try studio.make(
            "w.mkv", "-f lavfi -i testsrc2=s=32x32:r=20:d=2 -c:v ffv1 -pix_fmt yuv420p")
        let output = try Muxer.mux(sound(1), underVideo: path, start: Fraction(13, 20), duration: Fraction(8, 20))
        let made = try studio.write("we.mp4", output.bytes)
        #expect(try VideoReader(path: made).times.count == 8)
    }

    @Test func rotationAndVariableRateAreKept() throws {
        _ = try studio.counted("base.mp4")
        _ = try studio.make(
            "vfr.mp4", "-i base.mp4 -vf 'select=lt(n\\,10)+not(mod(n\\,8))' -vsync vfr -c:v libx264 -qp 0")
        let path = try studio.make("turned.mp4", "-i vfr.mp4 -c copy -metadata:s:v:0 rotate=90")
        let made = try studio.write("out.mp4", try Muxer.mux(sound(), underVideo: path).bytes)
        let (before, after) = (try VideoReader(path: path), try VideoReader(path: made))
        #expect(after.info.video?.orientation == before.info.video?.orientation)
        #expect(after.info.video?.width == 24 && after.times == before.times)
        // The same through the encoder.
        _ = try studio.make("vfr.mkv", "-i vfr.mp4 -c:v ffv1")
        let encoded = try studio.write("enc.mp4", try Muxer.mux(sound(), underVideo: studio.path("vfr.mkv")).bytes)
        let times = try VideoReader(path: encoded).times
        #expect(
            zip(times, before.times).allSatisfy { abs(($0 - $1).double) < 0.0011 } && times.count == before.times.count)
    }

    @Test("images become a video of the same bytes each time, with the right length and rate")
    func imagesToVideo() throws {
        for (width, height) in [(32, 24), (5, 3), (1, 1)] {
            let frames = (0..<8).map { i -> Image in
                let colour: [UInt8] = [UInt8(20 + 25 * i), 100, UInt8(220 - 20 * i)]
                let pixels = repeatElement(colour, count: width * height).flatMap { $0 }
                return Image(width: width, height: height, pixels: pixels)!
            }
            let bytes = try Muxer.encode(frames, rate: 8, audio: sound(1))
            #expect(try Muxer.encode(frames, rate: 8, audio: sound(1)) == bytes)
            let made = try studio.write("p.mp4", bytes)
            let reader = try VideoReader(path: made)
            #expect(reader.times.count == 8 && reader.frameRate == 8 && reader.duration == 1)
            #expect(reader.info.video?.width == width + width % 2 && reader.info.video?.height == height + height % 2)
            let back = try reader.frames(at: Array(0..<8))
            for (x, y) in zip(frames, back) {
                let near = (0..<3).allSatisfy { abs(Int(x.pixels[$0]) - Int(y.pixels[$0])) < 10 }
                #expect(near, "\(width)×\(height): \(x.pixels.prefix(3)) became \(y.pixels.prefix(3))")
            }
            #expect(reader.info.audio?.codec == "aac")
        }
        let silent = try Muxer.encode(
            [Image(width: 2, height: 2, pixels: [UInt8](repeating: 9, count: 12))!], rate: Fraction(30000, 1001))
        #expect(try MediaInfo.probe(studio.write("s.mp4", silent)).audio == nil)
        #expect(fails(.invalidInput) { _ = try Muxer.encode([], rate: 8) })
        #expect(
            fails(.invalidInput) { _ = try Muxer.encode([Image(width: 1, height: 1, pixels: [1, 2, 3])!], rate: 0) })
    }

    /// As long as the frames, to the sample, whatever was given; told so by other readers too.
    @Test(
        "audio and frames are equally long, whatever audio was given",
        arguments: [
            (Fraction(8), 16, 16000), (Fraction(15, 2), 16, 16000), (Fraction(12), 25, 44100),
            (Fraction(24000, 1001), 48, 16000), (Fraction(24000, 1001), 48, 44100), (Fraction(2997, 125), 48, 16000),
            (Fraction(8), 1, 16000), (Fraction(8), 1, 10000), (Fraction(1), 2, 48000),
        ])
    func audioAndFramesAreEquallyLong(rate: Fraction, count: Int, sampleRate: Int) throws {
        let image = Image(width: 33, height: 17, pixels: (0..<33 * 17 * 3).map { UInt8(truncatingIfNeeded: $0) })!
        let frames = [Image](repeating: image, count: count)
        let seconds = Double(count) / rate.double
        for given in [seconds / 2, seconds + 1] {
            let bytes = try Muxer.encode(frames, rate: rate, audio: sound(given, rate: sampleRate))
            #expect(try Muxer.encode(frames, rate: rate, audio: sound(given, rate: sampleRate)) == bytes)
            let path = try studio.write("film.mp4", bytes)
            let reader = try VideoReader(path: path)
            #expect(reader.times.count == count && reader.frameRate == rate)
            let track = try AudioReader.read(path, sampleRate: nil)
            let wanted = seconds * Double(track.sampleRate)
            #expect(Double(track.count) == wanted.rounded(), "\(track.count) samples, \(wanted) wanted")
            if given < seconds, seconds > 1 {
                let silent = track.channels[0].suffix(track.count / 4)
                #expect(silent.allSatisfy { abs($0) < 1e-3 }, "filled up with silence")
            }
            let told = try studio.ffprobe("film.mp4", "codec_type,r_frame_rate,duration").split(separator: "\n")
            try #require(told.count == 2)
            let video = told[0].split(separator: ",")
            let audio = told[1].split(separator: ",")
            #expect(video[0] == "video" && audio[0] == "audio")
            #expect(video[1] == "\(rate.numerator)/\(rate.denominator)")
            let lengths = try [video[2], audio[2]].map { try #require(Double($0)) }
            #expect(abs(lengths[0] - seconds) < 2e-6 && abs(lengths[1] - seconds) <= 1 / Double(track.sampleRate))
        }
    }

    @Test("audio keeps its rate or takes the next that AAC has, and broken samples are refused")
    func audioOfOtherRates() throws {
        let path = try studio.counted("v.mp4")
        for rate in [8000, 44100, 48000, 96000, 10000] {
            let made = try studio.write("r.mp4", try Muxer.mux(sound(1, rate: rate), underVideo: path).bytes)
            let info = try MediaInfo.probe(made)
            #expect(info.audio?.sampleRate == (rate == 10000 ? 11025 : rate))
        }
        let bad = PlanarAudio(sampleRate: 16000, channels: [[.infinity]])!
        #expect(fails(.invalidInput) { _ = try Muxer.mux(bad, underVideo: path) })
    }
}
