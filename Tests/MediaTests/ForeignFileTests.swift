import Foundation
import Testing

@testable import Media

/// A file that names other files or addresses opens none of them, whatever it is called and whoever reads it.
@Suite struct ForeignFileTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    /// Every way in which a file comes to be read; the kinds with which they refuse it.
    private func refusals(_ path: String) -> [MediaError] {
        let sound = PlanarAudio(sampleRate: 8000, channels: [[0, 0]])!
        let readers: [() throws -> Void] = [
            { if let fault = try MediaInfo.probe(path).videoFault { throw fault } },
            { _ = try VideoReader(path: path) },
            { _ = try ImageReader.read(path) }, { _ = try AudioReader.read(path) }, { _ = try AudioWindow.read(path) },
            { _ = try KeyFrames.choose(path: path) }, { _ = try Muxer.mux(sound, underVideo: path) },
        ]
        return readers.compactMap { body in
            do {
                try body()
                Issue.record("\(path) was read")
            } catch let error as MediaError {
                return error
            } catch {
                Issue.record("\(error)")
            }
            return nil
        }
    }

    @Test("a playlist is refused by name, and neither the file nor the address that it names is touched")
    func playlists() throws {
        let secret = try studio.counted("secret.mp4")
        let canary = try Canary(file: secret)
        let address = "tcp://127.0.0.1:\(canary.port)"
        let web = "http://127.0.0.1:\(canary.port)/a.ts"
        func hls(_ target: String) -> String {
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\n\(target)\n#EXT-X-ENDLIST\n"
        }
        func sdp(_ kind: String) -> String {
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                + "m=\(kind) \(canary.port) RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        }
        let lists = [
            "concat": "ffconcat version 1.0\nfile secret.mp4\n",
            "concat-absolute": "ffconcat version 1.0\nfile '\(secret)'\n",
            "concat-address": "ffconcat version 1.0\nfile '\(address)'\n",
            "hls": hls("secret.mp4"), "hls-file": hls("file://\(secret)"), "hls-address": hls(web),
            "hls-concat": hls("concat:\(secret)|\(secret)"), "hls-subfile": hls("subfile,,start,0,end,0,,:\(secret)"),
            "dash": """
            <?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" \
            profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" type="static" \
            mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" \
            bandwidth="1"><BaseURL>\(web)</BaseURL></Representation></AdaptationSet></Period></MPD>
            """,
            "sdp-audio": sdp("audio"), "sdp-video": sdp("video"),
            "imf": """
            <?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016">\
            <Id>urn:uuid:00000000-0000-0000-0000-000000000000</Id><EditRate>24 1</EditRate></CompositionPlaylist>
            """,
            "svg": "<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'><image href='\(web)'/></svg>",
            "asx": "<asx version='3.0'><entry><ref href='\(web)'/></entry></asx>\n",
            "pls": "[playlist]\nFile1=\(web)\nNumberOfEntries=1\n",
            "m3u": "\(secret)\n\(web)\n",
            "subtitles": "1\n00:00:00,000 --> 00:00:01,000\n\(web)\n\n",
        ]
        for (name, text) in lists {
            let path = try studio.write("\(name).mp4", text.utf8)
            let refusals = refusals(path)
            #expect(refusals.count == 7)
            #expect(refusals.allSatisfy { [.unsupported, .unrecognised].contains($0.kind) }, "\(refusals)")
            #expect(!canary.wasTouched(), "\(name)")
            if ["concat", "hls", "dash", "sdp"].contains(where: name.hasPrefix) {
                #expect(refusals.allSatisfy { $0.found.contains("playlist") }, "\(name): \(refusals)")
            }
        }
        // Were the canary deaf, all of this would say nothing.
        _ = try Data(contentsOf: URL(filePath: secret))
        #expect(canary.wasTouched())
    }

    @Test("a QuickTime file whose track lies in another file is refused, and that file is not opened")
    func referenceMovies() throws {
        let secret = try studio.counted("secret.mp4")
        let clip = [UInt8](try Data(contentsOf: URL(filePath: try studio.counted("clip.mov"))))
        let canary = try Canary(file: secret)
        // An alias record: volume, name, levels, then the absolute path as item 2, and the end.
        let path = Array(secret.utf8) + (secret.utf8.count % 2 == 1 ? [0] : [])
        let alias =
            [UInt8](repeating: 0, count: 4) + [UInt8](repeating: 0, count: 10) + [UInt8](repeating: 0, count: 28)
            + [UInt8](repeating: 0, count: 12) + [UInt8](repeating: 0, count: 64) + [UInt8](repeating: 0, count: 16)
            + [0, 1, 0, 1] + [UInt8](repeating: 0, count: 16) + [0, 2, UInt8(path.count >> 8), UInt8(path.count & 255)]
            + path + [0xFF, 0xFF, 0, 0]
        let dref = [0, 0, 0, 0, 0, 0, 0, 1] + BoxSurgery.box("alis", alias)
        let track = ["moov", "trak", "mdia", "minf"]
        var changed = try #require(BoxSurgery.replacing(track + ["dinf", "dref"], with: dref, in: clip))
        // The packets lie further behind there than this file is long.
        let places = try #require(BoxSurgery.contents(track + ["stbl", "stco"], of: changed))
        for at in stride(from: places.lowerBound + 8, to: places.upperBound, by: 4) { changed[at + 1] = 0x10 }
        let refusals = refusals(try studio.write("reference.mov", changed))
        #expect(refusals.count == 7 && !canary.wasTouched())
        #expect(refusals.prefix(2).allSatisfy { $0.found.contains("another file") }, "\(refusals)")
    }

    @Test("what FFmpeg knows and this program does not read is refused with its name, not taken for a video")
    func otherFormats() throws {
        let icon = try studio.make("a.ico", "-f lavfi -i testsrc2=s=32x32 -frames:v 1 -c:v png -pix_fmt rgba")
        #expect(fails(.unsupported) { _ = try ImageReader.read(icon) })
        do {
            _ = try MediaInfo.probe(icon)
        } catch {
            #expect(error.found.contains("icon"), "\(error)")
        }
        let text = try studio.write("a.srt", "1\n00:00:00,000 --> 00:00:01,000\nHello\n\n".utf8)
        do {
            _ = try MediaInfo.probe(text)
            Issue.record("read")
        } catch {
            #expect(error.kind == .unsupported && error.found.contains("srt"), "\(error)")
        }
        #expect(InputFormats.read.isDisjoint(with: ["concat", "hls", "dash", "sdp", "rtp", "rtsp", "image2", "lavfi"]))
    }

    @Test("every format that is read is one that FFmpeg has, so that no name is misspelt")
    func namesAreFFmpegs() throws {
        let known = try studio.demuxers()
        #expect(InputFormats.read.subtracting(known) == [])
    }
}
