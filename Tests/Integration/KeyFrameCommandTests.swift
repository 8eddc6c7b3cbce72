import Foundation
import TestSupport
import Testing

extension Integration {
    /// `seehear keyframe` as a user calls it.
    @Suite("Key frame command")
    struct KeyFrameCommandTests {
        @Test("it prints a table of the candidates, writes the frame, and gives the same as JSON")
        func tableAndImage() async throws {
            let shop = try Workshop()
            // Half a second out of black, then the picture.
            try await shop.make(
                "clip.mp4",
                "-f lavfi -i testsrc2=s=96x64:r=20:d=2 -vf fade=in:0:10 -c:v libx264 -preset ultrafast -pix_fmt yuv420p"
            )
            let clip = shop.path("clip.mp4")
            let table = try await Programs.seehear("keyframe", clip, "-o", shop.path("frame.png"))
            #expect(table.code == 0 && table.errors.isEmpty, "\(table.text)")
            #expect(table.lines.count == 33 && table.lines[0].hasPrefix("frame  seconds  sharpness"))
            #expect(table.lines.filter { $0.hasSuffix("*") }.count == 1)
            #expect(
                try Data(contentsOf: shop.folder.appending(path: "frame.png")).starts(with: [0x89, 0x50, 0x4E, 0x47]))

            let json = try await Programs.seehear("keyframe", clip, "--json", "--start", "0.5", "--duration", "0.5")
            #expect(json.code == 0, "\(json.text)")
            let report = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            let candidates = try #require(report["candidates"] as? [[String: Any]])
            #expect(candidates.compactMap { $0["frame"] as? Int } == Array(10..<20))
            let best = candidates.compactMap { $0["score"] as? Double }.max()
            let chosen = candidates.first { $0["frame"] as? Int == report["frame"] as? Int }
            #expect(chosen?["score"] as? Double == best && report["width"] as? Int == 96)
        }

        @Test("--katna shows Katna's candidates, and takes ours where it has none")
        func katna() async throws {
            let shop = try Workshop()
            // Six pictures, each on screen for a third of a second: five changes.
            try await shop.make(
                "clip.mkv",
                "-f lavfi -i testsrc2=s=96x64:r=3:d=2 -vf fps=30,noise=alls=4:allf=t -c:v ffv1 -pix_fmt bgr0")
            let table = try await Programs.seehear("keyframe", shop.path("clip.mkv"), "--katna")
            #expect(table.code == 0 && table.errors.isEmpty, "\(table.text)")
            #expect(table.lines[0].hasPrefix("frame  seconds  sharpness  brightness  entropy"))
            #expect(table.lines.filter { $0.hasSuffix("*") }.count == 1)
            try await shop.make("still.mkv", "-f lavfi -i color=gray:s=64x48:r=20:d=1 -c:v ffv1 -pix_fmt bgr0")
            let ours = try await Programs.seehear(
                "keyframe", shop.path("still.mkv"), "--katna", "-o", shop.path("frame.png"))
            #expect(ours.code == 0 && ours.errors.contains("Katna finds no frame"), "\(ours.text)")
            #expect(ours.lines[0].hasPrefix("frame  seconds  sharpness  brightness  stability"))
            #expect(try shop.names().contains("frame.png"))
        }

        @Test("what it cannot use is named, and no file is written")
        func whatCannotBeUsed() async throws {
            let shop = try Workshop()
            try shop.write("text.mp4", "no film")
            try await shop.make("clip.mp4", "-f lavfi -i testsrc2=s=32x32:r=10:d=1 -c:v libx264 -pix_fmt yuv420p")
            for (arguments, code, message) in [
                (["absent.mp4"], 2, "no such file"), (["text.mp4"], 2, "no format that FFmpeg knows"),
                (["clip.mp4", "--start", "3"], 2, "choose a start"),
                (["clip.mp4", "--duration", "0"], 2, "seconds above 0"),
                (["clip.mp4", "-o", "frame.gif"], 2, "must end in .png"),
                (["clip.mp4", "-o", "none/frame.png"], 1, "no such file or folder"),
            ] {
                let outcome = try await Programs.run(
                    "seehear", ["keyframe"] + arguments.map { $0.contains(".") ? shop.path($0) : $0 })
                #expect(outcome.code == Int32(code) && outcome.text.contains(message), "\(arguments): \(outcome.text)")
                #expect(outcome.output.isEmpty)
            }
            #expect(try shop.names() == ["clip.mp4", "text.mp4"])
        }
    }
}
