import ClipSampling
import Foundation
import Testing

@testable import Media

@Suite struct VideoReaderTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    /// Exact equality with the program's own frames, B-frames, several groups of pictures, any order of asking.
    @Test(arguments: ["a.mp4", "a.mkv", "a.ts", "a.flv", "a.avi"])
    func framesAreTheProgramsFrames(name: String) throws {
        let path = try studio.counted(name, name.hasSuffix("avi") ? "-bf 0" : "")
        let reader = try VideoReader(path: path)
        #expect(reader.times.count == 40)
        #expect(reader.frameRate == 20)
        #expect(reader.duration == 2)
        #expect(reader.info.video?.width == 32 && reader.info.video?.height == 24)
        let size = 32 * 24 * 3
        let expected = try studio.reference(name)
        #expect(expected.count == 40 * size)
        let asked = [39, 0, 17, 16, 8, 7, 17, 31]
        let frames = try reader.frames(at: asked)
        for (index, frame) in zip(asked, frames) {
            #expect(frame.pixels == Array(expected[index * size..<(index + 1) * size]), "frame \(index)")
        }
        #expect(Set(expected).count >= 40, "the frames must differ for this test to see anything")
        #expect(reader.clipFrames(clipDuration: 1, clips: 2, perClip: 2) == [[0, 19], [20, 39]])
    }

    @Test func colourIsTheProgramsColour() throws {
        for (name, tags) in [
            ("plain.mp4", ""), ("hd.mp4", "-colorspace bt709 -color_primaries bt709 -color_trc bt709"),
            ("full.mp4", "-pix_fmt yuvj420p -color_range pc"), ("444.mp4", "-pix_fmt yuv444p"),
            ("10.mp4", "-pix_fmt yuv420p10le"),
        ] {
            let path = try studio.make(
                name, "-f lavfi -i testsrc2=s=66x50:r=5:d=1 -c:v libx264 -crf 10 -pix_fmt yuv420p \(tags)")
            let reader = try VideoReader(path: path)
            let frames = try reader.frames(at: [0, 4])
            let expected = try studio.reference(name)
            let size = 66 * 50 * 3
            #expect(frames[0].pixels == Array(expected[0..<size]), "\(name)")
            #expect(frames[1].pixels == Array(expected[4 * size..<5 * size]), "\(name)")
        }
    }

    @Test(
        "in OpenCV's style colour is not interpolated, and the guessed rate is the container's",
        arguments: [
            ("cv.mp4", "-c:v libx264 -pix_fmt yuv420p"), ("cv.mkv", "-c:v ffv1 -pix_fmt yuv444p"),
            ("709.mp4", "-c:v libx264 -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709 -color_trc bt709"),
        ])
    func openCV(name: String, options: String) throws {
        let path = try studio.make(name, "-f lavfi -i testsrc2=s=62x46:r=12:d=0.5 \(options)")
        let reader = try VideoReader(path: path, style: .openCV)
        #expect(reader.guessedRate == 12)
        let frames = try reader.frames(at: Array(reader.times.indices))
        #expect(frames.count == 6)
        let bytes = try studio.ffmpeg(
            "-i \(name) -vf scale=flags=bicubic -sws_flags bicubic -vsync passthrough -pix_fmt bgr24 -f rawvideo -")
        #expect(
            frames.flatMap(\.pixels)
                == stride(from: 0, to: bytes.count, by: 3).flatMap { bytes[$0..<$0 + 3].reversed() })
        let usual = try VideoReader(path: path)
        #expect((try usual.frames(at: [0])[0] == frames[0]) == name.hasSuffix("mkv"))
    }

    @Test("a video of variable rate has the right times, clips and frames")
    func variableRate() throws {
        _ = try studio.counted("base.mp4")
        // Frames 0…9 at 20 per second, then every fourth one.
        let path = try studio.make(
            "vfr.mp4", "-i base.mp4 -vf 'select=lt(n\\,10)+not(mod(n\\,8))' -vsync vfr -c:v libx264 -qp 0 -bf 2")
        let reader = try VideoReader(path: path)
        let expected = (Array(0..<10) + [16, 24, 32]).map { Fraction($0, 20) }
        #expect(reader.times == expected)
        #expect(reader.frameRate == nil)
        #expect(reader.clipFrames(clipDuration: 1, clips: 2, perClip: 2).map(\.first) == [0, 10])
        let size = 32 * 24 * 3
        let all = try studio.reference("vfr.mp4")
        let frames = try reader.frames(at: [11, 12])
        #expect(frames[0].pixels == Array(all[11 * size..<12 * size]))
        #expect(frames[1].pixels == Array(all[12 * size..<13 * size]))
    }

    @Test func matroskaMillisecondsCountAsConstant() throws {
        let reader = try VideoReader(path: try studio.counted("ms.mkv", rate: "30"))
        #expect(reader.frameRate == 30)
        #expect(reader.times[1] == Fraction(33, 1000))
    }

    @Test func rotationIsApplied() throws {
        _ = try studio.counted("flat.mp4")
        _ = try studio.make("flat2.mp4", "-f lavfi -i testsrc2=s=48x32:r=5:d=1 -c:v libx264 -pix_fmt yuv420p")
        let path = try studio.make("turned.mp4", "-i flat2.mp4 -c copy -metadata:s:v:0 rotate=90")
        let info = try MediaInfo.probe(path)
        #expect(info.video?.width == 32 && info.video?.height == 48)
        let degrees = try #require(info.video?.orientation.degrees)
        #expect(degrees == 90 || degrees == 270)
        let frame = try VideoReader(path: path).frames(at: [2])[0]
        #expect(frame.width == 32 && frame.height == 48)
        // The program turns too; transposing after conversion to RGB gives the same numbers as ours.
        let plain = try VideoReader(path: studio.path("flat2.mp4")).frames(at: [2])[0]
        #expect(frame == info.video?.orientation.apply(to: plain))
        let turned = try studio.ffmpeg("-i turned.mp4 -vsync passthrough -pix_fmt rgb24 -f rawvideo -")
        let size = 32 * 48 * 3
        let theirs = [UInt8](turned[2 * size..<3 * size])
        let difference = zip(theirs, frame.pixels).map { abs(Int($0) - Int($1)) }.reduce(0, +)
        #expect(Double(difference) / Double(size) < 12, "turned the same way as the program does")
    }

    @Test("frames of odd and tiny sizes are exact")
    func oddSizesAndTinyOnes() throws {
        let path = try studio.make(
            "odd.mkv", "-f lavfi -i testsrc2=s=50x30:r=5:d=1 -vf scale=5:3 -c:v ffv1 -pix_fmt yuv444p")
        let reader = try VideoReader(path: path)
        let frames = try reader.frames(at: [0, 4])
        #expect(frames[0].width == 5 && frames[0].height == 3)
        #expect(frames.flatMap(\.pixels).count == 90)
        let expected = try studio.reference("odd.mkv")
        #expect(frames[1].pixels == Array(expected[4 * 45..<5 * 45]))
    }

    @Test("a window holds the frames from its start on, counted from zero, and refuses times outside the clip")
    func windows() throws {
        let path = try studio.counted("w.mp4")
        let reader = try VideoReader(path: path, start: Fraction(1, 2), duration: 1)
        #expect(reader.times.count == 20 && reader.times[0] == 0 && reader.times[1] == Fraction(1, 20))
        #expect(reader.duration == 1)
        let whole = try VideoReader(path: path)
        #expect(try reader.frames(at: [0, 19]) == whole.frames(at: [10, 29]))
        // Between two frames: those at or after the start.
        let between = try VideoReader(path: path, start: Fraction(51, 100), duration: Fraction(1, 100))
        #expect(between.times == [0])
        #expect(try between.frames(at: [0]) == whole.frames(at: [10]))
        #expect(try VideoReader(path: path, start: Fraction(3, 2), duration: 100).times.count == 10)
        #expect(fails(.outOfRange) { _ = try VideoReader(path: path, start: 2) })
        #expect(fails(.outOfRange) { _ = try VideoReader(path: path, start: 0, duration: 0) })
        #expect(fails(.outOfRange) { _ = try whole.frames(at: [40]) })
        #expect(fails(.outOfRange) { _ = try whole.frames(at: [-1]) })
        #expect(try whole.frames(at: []).isEmpty)
    }

    /// An mp4 cut by copying begins before its first shown frame; the edit list hides that.
    @Test func editListsAreHonoured() throws {
        _ = try studio.counted("long.mp4")
        let path = try studio.make("cut.mp4", "-ss 0.55 -i long.mp4 -c copy")
        let reader = try VideoReader(path: path)
        let whole = try VideoReader(path: studio.path("long.mp4"))
        #expect(reader.times.count == 29 && reader.times[0] == 0)
        #expect(try reader.frames(at: [0, 28]) == whole.frames(at: [11, 39]))
    }

    @Test func coverArtIsNoVideo() throws {
        _ = try studio.make("cover.png", "-f lavfi -i color=red:s=16x16 -frames:v 1")
        let path = try studio.make(
            "song.mp3", "-f lavfi -i sine=d=1 -i cover.png -map 0 -map 1 -c:v copy -disposition:v attached_pic")
        let info = try MediaInfo.probe(path)
        #expect(info.video == nil && info.audio?.codec == "mp3")
        #expect(fails(.noVideoStream) { _ = try VideoReader(path: path) })
    }

    @Test("frames in VP8, VP9, MPEG-4 and GIF are those that ffmpeg decodes")
    func otherCodecs() throws {
        for (name, codec) in [
            ("v.webm", "libvpx -b:v 300k -auto-alt-ref 1 -lag-in-frames 10"), ("v9.webm", "libvpx-vp9 -b:v 300k"),
            ("m.avi", "mpeg4 -bf 2"), ("g.gif", "gif"),
        ] {
            let path = try studio.make(
                name, "-f lavfi -i testsrc2=s=64x48:r=10:d=2 -c:v \(codec)")
            let reader = try VideoReader(path: path)
            #expect(reader.times.count == 20, "\(name)")
            let expected = try studio.reference(name)
            let size = 64 * 48 * 3
            #expect(expected.count == 20 * size)
            let frames = try reader.frames(at: [3, 19])
            #expect(frames[0].pixels == Array(expected[3 * size..<4 * size]), "\(name)")
            #expect(frames[1].pixels == Array(expected[19 * size..<20 * size]), "\(name)")
        }
    }
}

/// Whether the body throws a ``MediaError`` of this kind.
func fails(_ kind: MediaError.Kind, _ body: () throws -> Void) -> Bool {
    do {
        try body()
        Issue.record("nothing was thrown")
        return false
    } catch let error as MediaError {
        if error.kind != kind { Issue.record("\(error.kind): \(error)") }
        return error.kind == kind
    } catch {
        Issue.record("\(error)")
        return false
    }
}
