import Foundation
import TestSupport
import Testing

extension Integration {
    /// Files that are hard to read, or made to do harm, as the commands meet them.
    @Suite("Hard files", .serialized)
    struct HardFileTests {
        private static let h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"

        /// The files of `Tests/Cases/cases.py`, made here, under the names that it knows them by.
        private func makeCases(_ shop: Workshop) async throws {
            try await shop.make("16-channels.wav", "-f lavfi -i sine=d=0.5:r=16000 -af pan=16c|c0=c0|c15=c0")
            try await shop.make("animated.webp", "-f lavfi -i testsrc2=s=64x48:r=5:d=1 -c:v libwebp_anim")
            var chain = Data()
            for seconds in [3, 2] {
                try await shop.make("link.ogg", "-f lavfi -i sine=d=\(seconds):r=48000 -c:a libopus")
                chain += try read(shop, "link.ogg")
            }
            try shop.write("chained-opus.ogg", chain)
            try await shop.make("half.png", "-f lavfi -i testsrc2=s=320x240 -frames:v 1")
            try shop.write("half.png", try read(shop, "half.png").prefix(3000))
            try await shop.make(
                "no-length.webm",
                "-f lavfi -i testsrc2=s=160x96:r=25:d=3 -f lavfi -i sine=d=3:r=48000 -c:v libvpx -c:a libopus -live 1 -f webm"
            )
            // A header with no samples behind it.
            try await shop.make("no-samples.wav", "-f lavfi -i sine=d=1:r=16000 -frames:a 0 -bitexact")
            try await shop.make("orientation-6.png", "-f lavfi -i testsrc2=s=64x48 -frames:v 1")
            // The beginning of what a phone makes: the brands, then boxes that FFmpeg 5.1 does not know.
            try shop.write(
                "phone.heic",
                Data([0, 0, 0, 24]) + Data("ftypheic".utf8) + Data(count: 4) + Data("mif1heic".utf8)
                    + Data([0, 0, 0, 12])
                    + Data("meta".utf8) + Data(count: 4))
            try await shop.make(
                "segment-5s-to-6s.mkv",
                "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=1.1:r=48000 \(Self.h264) -c:a aac -output_ts_offset 5"
            )
            try await shop.make("cover.png", "-f lavfi -i color=red:s=64x64 -frames:v 1")
            try await shop.make(
                "sound-with-cover.mp4",
                "-f lavfi -i sine=d=1 -i \(shop.path("cover.png")) -map 0 -map 1 -c:v mjpeg -disposition:v attached_pic"
            )
            try await shop.make(
                "take.ts", "-f lavfi -i testsrc2=s=64x48:r=25:d=3 -f lavfi -i sine=d=3:r=48000 \(Self.h264) -c:a aac")
            try shop.write("two-takes.ts", try read(shop, "take.ts") + read(shop, "take.ts"))
            try await shop.make(
                "vbr-without-header.mp3",
                "-f lavfi -i aevalsrc=if(lt(t\\,2)\\,0\\,random(0)):d=4:s=44100 -c:a libmp3lame -q:a 2 -write_xing 0 -id3v2_version 0"
            )
            for name in ["link.ogg", "cover.png", "take.ts"] {
                try FileManager.default.removeItem(atPath: shop.path(name))
            }
            let clip = Data([0, 0, 0, 16]) + Data("ftypisom".utf8) + Data(count: 4)
            // A million samples of one byte each, in 20 bytes; the boxes around them are as long as what they hold.
            let table = Data([0, 0, 0, 20]) + Data("stsz".utf8) + Data([0, 0, 0, 0, 0, 0, 0, 1, 0, 0x0F, 0x42, 0x40])
            let boxes = ["stbl", "minf", "mdia", "trak", "moov"].reduce(table) { inner, type in
                Data([0, 0, 0, UInt8(inner.count + 8)]) + Data(type.utf8) + inner
            }
            try shop.write("bomb1m.mp4", clip + boxes)
            // 16000 × 16000 pixels of 64 bits, none of them there; and a table of sixty million frames.
            try shop.write(
                "empty.png",
                Data([0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]) + Data("IHDR".utf8)
                    + Data([0, 0, 0x3E, 0x80, 0, 0, 0x3E, 0x80, 16, 6, 0, 0, 0]) + Data(count: 8) + Data("IDAT".utf8)
                    + Data(count: 8) + Data("IEND".utf8) + Data(count: 4))
            try shop.write(
                "claims.ape",
                Data("MAC ".utf8) + Data([0x96, 0x0F, 0, 0, 52, 0, 0, 0, 24, 0, 0, 0, 0, 0x1C, 0x4E, 0x0E])
                    + Data(count: 32)
                    + Data([
                        0xD0, 7, 0, 0, 0, 0x20, 1, 0, 100, 0, 0, 0, 0, 0x87, 0x93, 3, 16, 0, 2, 0, 0x44, 0xAC, 0, 0,
                    ])
                    + Data(count: 200))
            for (name, text) in Self.playlists { try shop.write(name, text) }
            try shop.write(
                "numbers-in-quotes.jsonl", #"{"id": "a", "video": "dog.mp4", "start": "1.5", "duration": "1"}"# + "\n")
            try shop.write("vggsound-underscores.csv", "__2MwJ2uHu0,4,people marching,test\n")
        }

        private static let playlists = [
            "concat.mp4": "ffconcat version 1.0\nfile secret.mp4\n",
            "concat-of-playlist.mp4": "ffconcat version 1.0\nfile list.m3u8\n",
            "loop.mp4": "ffconcat version 1.0\nfile loop.mp4\n",
            "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\nsecret.mp4\n#EXT-X-ENDLIST\n",
            "sdp.wav":
                "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n",
        ]

        private func read(_ shop: Workshop, _ name: String) throws -> Data {
            try Data(contentsOf: shop.folder.appending(path: name))
        }

        @Test("each case is planned as expected, in bounded time and memory", .timeLimit(.minutes(5)))
        func cases() async throws {
            let shop = try Workshop()
            try await makeCases(shop)
            let outcome = try await Programs.run(
                "python3",
                [
                    Fixtures.checkout.appending(path: "Tests/Cases/cases.py").path, "--seehear",
                    Programs.folder.appending(path: "seehear").path, "--models", Workshop.allModels, shop.folder.path,
                ], limit: 280)
            #expect(outcome.code == 0, "\(outcome.text)")
            #expect(outcome.lines.count { $0.hasPrefix("ok") } == 22, "\(outcome.text)")
        }

        /// The program that shows every file and address that another one asks the system for.
        private static let strace = try? Running("strace", ["-e", "trace=none", "true"]).blockingOutcome().code

        @Test(
            "reading a playlist opens that file and nothing else, and no socket",
            .enabled(if: strace == 0, "strace is not there, or may not be used"))
        func nothingElseIsOpened() async throws {
            let shop = try Workshop()
            try await shop.make("secret.mp4", "-f lavfi -i testsrc2=s=32x32:r=10:d=1 \(Self.h264)")
            for (name, text) in Self.playlists { try shop.write(name, text) }
            // The clip itself shows that the trace would tell.
            for name in Self.playlists.keys.sorted() + ["secret.mp4"] {
                let outcome = try await Programs.run(
                    "strace",
                    [
                        "-f", "-qq", "-e", "trace=open,openat,openat2,creat,socket,connect,bind", "-o",
                        shop.path("trace"),
                        Programs.folder.appending(path: "seehear").path, "keyframe", shop.path(name),
                    ])
                #expect(outcome.code == (name == "secret.mp4" ? 0 : 2), "\(name): \(outcome.text)")
                let calls = String(decoding: try read(shop, "trace"), as: UTF8.self).split(separator: "\n")
                let own = calls.filter {
                    $0.contains(shop.folder.path) || $0.contains("secret") || $0.contains("list.m3u8")
                }
                #expect(!own.isEmpty && own.allSatisfy { $0.contains("\"\(shop.path(name))\"") }, "\(name): \(own)")
                #expect(!calls.contains { $0.contains("AF_INET") })
            }
        }
    }
}
