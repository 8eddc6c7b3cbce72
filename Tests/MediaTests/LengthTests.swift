import ClipSampling
import Foundation
import Testing

@testable import Media

/// The lengths that a plan is made with are those of what the readers show and hear, in every container alike.
@Suite struct LengthTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    private static let h264 = "-c:v libx264 -preset ultrafast -bf 2 -g 10 -pix_fmt yuv420p"

    /// Compares what is planned with what is read, and with what is known.
    private func check(_ path: String, picture: Double?, sound: Double?, within: Double = 0.03) throws {
        let name = URL(filePath: path).lastPathComponent
        let info = try MediaInfo.probe(path)
        #expect((info.video == nil) == (picture == nil) && (info.audio == nil) == (sound == nil), "\(name)")
        if let picture {
            let reader = try VideoReader(path: path)
            let planned = try #require(info.video?.duration).double
            #expect(abs(planned - picture) < within, "\(name): \(planned) s planned, \(picture) s shown")
            // Not a frame is lost in a window of that length.
            let window = try VideoReader(path: path, duration: info.video?.duration)
            #expect(window.times.count == reader.times.count, "\(name)")
        }
        if let sound {
            let planned = try #require(info.audio?.duration).double
            let read = try AudioReader.read(path, sampleRate: nil)
            let heard = Double(read.count) / Double(read.sampleRate)
            #expect(abs(planned - sound) < within, "\(name): \(planned) s planned, \(sound) s known")
            #expect(abs(planned - heard) < within, "\(name): \(planned) s planned, \(heard) s heard")
        }
    }

    @Test(
        "a clip is as long as its picture and its sound as long as it is heard, though the times begin at 5 s",
        arguments: [
            ("a.mkv", "-c:a aac"), ("a.webm", "-c:v libvpx -b:v 300k -c:a libopus"),
            ("v9.webm", "-c:v libvpx-vp9 -c:a libvorbis"),
            ("a.flv", "-c:a aac"), ("a.ts", "-c:a aac"), ("a.mpg", "-c:v mpeg2video -c:a mp2"),
            ("h.mpg", "-c:a mp2 -f vob"), ("a.avi", "-c:v mpeg4 -c:a mp3"), ("a.mp4", "-c:a aac"),
            ("a.mov", "-c:a pcm_s16le"),
            ("f.mp4", "-c:a aac -movflags frag_keyframe+delay_moov"), ("a.asf", "-c:v msmpeg4 -bf 0 -c:a wmav2"),
            ("a.nut", "-c:a flac"),
        ])
    func everyContainer(name: String, codecs: String) throws {
        // Two seconds of picture, three of sound. In AVI frames are counted: a later beginning is a first frame that stays.
        let offset = name.hasSuffix("avi") ? 0 : 5
        let path = try studio.make(
            name,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -f lavfi -i sine=d=3:r=48000 \(Self.h264) \(codecs) -output_ts_offset \(offset)"
        )
        // mp3 and wma have no way to say what their first and last blocks are filled up with.
        try check(path, picture: 2, sound: 3, within: name.hasSuffix("avi") || name.hasSuffix("asf") ? 0.12 : 0.05)
    }

    @Test("a segment out of the middle lasts as long as itself")
    func segments() throws {
        _ = try studio.make(
            "long.mkv", "-f lavfi -i testsrc2=s=64x48:r=25:d=8 -f lavfi -i sine=d=8:r=48000 \(Self.h264) -c:a aac")
        for name in ["cut.mkv", "cut.ts", "cut.flv"] {
            let path = try studio.make(name, "-ss 4 -to 6 -i long.mkv -c copy -copyts")
            let info = try MediaInfo.probe(path)
            let picture = try #require(info.video?.duration).double
            let sound = try #require(info.audio?.duration).double
            #expect(picture > 1.8 && picture < 3 && sound > 1.5 && sound < 3, "\(name): \(picture) and \(sound)")
            try check(path, picture: picture, sound: sound)
        }
    }

    @Test("sound that begins late ends late, and a gap within is silence")
    func lateSound() throws {
        for name in ["late.mkv", "late.mp4", "late.ts"] {
            let path = try studio.make(
                name,
                "-f lavfi -i testsrc2=s=64x48:r=25:d=3 -itsoffset 1 -f lavfi -i sine=d=1:r=48000 \(Self.h264) -c:a aac")
            try check(path, picture: 3, sound: 2, within: 0.05)
        }
        // A second of sound, a second of nothing, a second of sound.
        let gap = try studio.make(
            "gap.mka", "-f lavfi -i sine=d=3:r=16000 -af 'aselect=not(between(t\\,1\\,2))' -c:a pcm_s16le")
        try check(gap, picture: nil, sound: 3, within: 0.1)
        let sound = try AudioReader.read(gap)
        let middle = sound.channels[0][17_600..<30_400]
        #expect(middle.allSatisfy { $0 == 0 } && sound.channels[0].suffix(8000).contains { abs($0) > 0.05 })
    }

    @Test("files that do not state a length have one: what a browser records, a bare stream, a piped container")
    func noLength() throws {
        for (name, format, codecs) in [
            ("live.webm", "webm", "-c:v libvpx -b:v 300k -c:a libopus"),
            ("live.mkv", "matroska", "\(Self.h264) -c:a aac"),
            ("live.flv", "flv", "\(Self.h264) -c:a aac"),
        ] {
            let bytes = try studio.ffmpeg(
                "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -f lavfi -i sine=d=2:r=48000 \(codecs) -f \(format) -")
            try check(try studio.write(name, bytes), picture: 2, sound: 2, within: 0.05)
        }
        try check(
            try studio.make("bare.aac", "-f lavfi -i sine=d=2:r=48000 -c:a aac"), picture: nil, sound: 2, within: 0.1)
        try check(
            try studio.make("bare.h264", "-f lavfi -i testsrc2=s=64x48:r=25:d=2 \(Self.h264)"), picture: 2, sound: nil)
    }

    @Test("chained Ogg lasts as long as all its links")
    func chainedOgg() throws {
        for codec in ["libopus", "libvorbis", "flac"] {
            let links = try [2, 3].map { seconds in
                try Data(
                    contentsOf: URL(
                        filePath: try studio.make(
                            "\(seconds).ogg", "-f lavfi -i sine=d=\(seconds):r=48000 -c:a \(codec)")))
            }
            try check(try studio.write("chain.ogg", links[0] + links[1]), picture: nil, sound: 5, within: 0.1)
        }
    }

    @Test("an mp3 of variable rate without a header, and one that was cut, last as long as they play")
    func variableRate() throws {
        let path = try studio.make(
            "a.mp3",
            "-f lavfi -i 'aevalsrc=if(lt(t\\,2)\\,0\\,random(0)):d=4:s=44100' -c:a libmp3lame -q:a 2 -write_xing 0 -id3v2_version 0"
        )
        try check(path, picture: nil, sound: 4, within: 0.1)
        let whole = [UInt8](
            try Data(
                contentsOf: URL(
                    filePath: try studio.make("b.mp3", "-f lavfi -i sine=d=4:r=44100 -c:a libmp3lame -b:a 64k"))))
        try check(try studio.write("half.mp3", whole.prefix(whole.count / 2)), picture: nil, sound: 2, within: 0.1)
    }

    @Test("what was cut off is not counted", arguments: ["a.wav", "a.flac", "a.ogg", "a.ts", "a.flv", "a.avi"])
    func cutFiles(name: String) throws {
        let isSound = ["wav", "flac", "ogg"].contains { name.hasSuffix($0) }
        let video = isSound ? "" : "-f lavfi -i testsrc2=s=64x48:r=25:d=4"
        let codec = name == "a.avi" ? "-c:v mpeg4" : isSound ? "" : Self.h264
        let path = try studio.make(name, "\(video) -f lavfi -i anoisesrc=d=4:r=22050 \(codec)")
        let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let cut = try studio.write("cut-\(name)", whole.prefix(whole.count / 2))
        let info = try MediaInfo.probe(cut)
        let sound = try #require(info.audio?.duration).double
        #expect(sound > 1 && sound < 3, "\(sound)")
        let picture = info.video?.duration?.double
        #expect(picture.map { $0 > 1 && $0 < 3 } ?? isSound)
        // The last block is cut through: it counts, and does not decode.
        try check(cut, picture: picture, sound: sound, within: 0.12)
    }

    @Test("two recordings joined byte by byte are refused as a video by name, and heard one after the other")
    func twoTakes() throws {
        for (name, codecs) in [
            ("a.ts", "\(Self.h264) -c:a aac"), ("a.mpg", "-c:v mpeg2video -c:a mp2"),
            ("h.mpg", "\(Self.h264) -c:a mp2 -f vob"),
            ("a.mkv", "\(Self.h264) -c:a aac"),
        ] {
            let takes = try ["testsrc2", "testsrc"].map { source in
                try Data(
                    contentsOf: URL(
                        filePath: try studio.make(
                            name, "-f lavfi -i \(source)=s=64x48:r=25:d=2 -f lavfi -i sine=d=2:r=48000 \(codecs)")))
            }
            let path = try studio.write("two-\(name)", takes[0] + takes[1])
            let info = try MediaInfo.probe(path)
            #expect(info.video == nil && info.videoFault?.kind == .unsupported, "\(name)")
            #expect(info.videoFault?.found.contains("several recordings") ?? false, "\(name)")
            #expect(fails(.unsupported) { _ = try VideoReader(path: path) })
            let sound = try #require(info.audio?.duration).double
            let read = try AudioReader.read(path)
            #expect(abs(sound - 4) < 0.2 && abs(Double(read.count) / 16000 - sound) < 0.1, "\(name): \(sound)")
        }
    }

    @Test("a wave file without samples has a sound of no length")
    func emptyWave() throws {
        let path = try studio.make("a.wav", "-f lavfi -i sine=d=1:r=16000 -bitexact")
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)).prefix(44))
        bytes.replaceSubrange(40..<44, with: [0, 0, 0, 0])
        bytes.replaceSubrange(4..<8, with: [36, 0, 0, 0])
        let info = try MediaInfo.probe(studio.write("empty.wav", bytes))
        #expect(info.audio?.duration == 0)
    }

    @Test("sixteen channels are heard as their mean, and become the sound of an mp4")
    func sixteenChannels() throws {
        let channels = (0..<16).map { c in [Float](repeating: Float(c) / 32, count: 16_000) }
        let sound = try #require(PlanarAudio(sampleRate: 16_000, channels: channels))
        let path = try studio.write("16.wav", AudioWriter.encode(sound, as: .wav, .float))
        #expect(try MediaInfo.probe(path).audio?.channels == 16)
        let mono = try AudioReader.read(path, channels: 1)
        #expect(mono.channels[0].allSatisfy { abs($0 - 7.5 / 32) < 1e-6 })
        let frame = Image(width: 16, height: 16, pixels: [UInt8](repeating: 99, count: 768))!
        let film = try Muxer.encode([frame], rate: 1, audio: try AudioReader.read(path, sampleRate: nil))
        #expect(try MediaInfo.probe(studio.write("film.mp4", film)).audio?.channels == 1)
    }
}
