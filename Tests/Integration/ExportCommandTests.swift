import Foundation
import TestSupport
import Testing

extension Integration {
    /// `seehear export` over folders.
    @Suite("Exports")
    struct ExportCommandTests {
        private let shop: Workshop

        init() throws { shop = try Workshop() }

        private func makeSides() async throws {
            for (side, pitch) in [("made", 300), ("true", 340)] {
                try FileManager.default.createDirectory(atPath: shop.path(side), withIntermediateDirectories: true)
                for number in 0..<3 {
                    try await shop.make(
                        "\(side)/clip\(number).flac", "-f lavfi -i sine=f=\(pitch + 90 * number):r=16000:d=1")
                }
            }
        }

        private func export(_ words: String...) async throws -> Programs.Outcome {
            try await Programs.run("seehear", ["export", shop.path("made"), "-o", shop.path("out")] + words)
        }

        @Test("the folder is there once, and says how to go on; what cannot be read ends with 3")
        func exports() async throws {
            try await makeSides()
            try shop.write("made/clip3.mp3", "no sound")
            try shop.write("true/clip3.mp3", "no sound either")
            let made = try await export("--layout", "audioldm_eval", "--reference", shop.path("true"))
            #expect(made.code == 3 && made.errors.isEmpty, "\(made.text)")
            for words in ["out/generated: 3 sounds", "unreadable: 1: clip3", "made/clip3.mp3", "backbone=\"cnn14\""] {
                #expect(made.output.contains(words), "\(made.text)")
            }
            for side in ["generated", "reference"] {
                let names = try FileManager.default.contentsOfDirectory(atPath: shop.path("out/\(side)")).sorted()
                #expect(names == ["clip0.wav", "clip1.wav", "clip2.wav"])
            }
            let again = try await export("--layout", "audioldm_eval", "--reference", shop.path("true"))
            #expect(again.code == 2 && again.errors.contains("is not empty"), "\(again.text)")
        }

        @Test("where nothing can be written any more, the sample is named and nothing is left")
        func full() async throws {
            try await makeSides()
            let line = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""
            let ran = try await Programs.run(
                "bash",
                [
                    "-c", line, try #require(Programs.built("seehear")), "export", shop.path("made"), "--layout",
                    "av-benchmark", "--seconds", "1", "-o", shop.path("out"),
                ])
            #expect(ran.code == 1 && ran.errors.contains("`clip0`: cannot write"), "\(ran.text)")
            #expect(try shop.names() == ["made", "true"])
        }

        @Test(
            "what cannot be exported is said, and nothing is written",
            arguments: [
                (["--layout", "audioldm_eval"], "--reference"), (["--layout", "fad"], "fad"),
                (["--layout", "javisbench", "--reference", "x"], "leave it out"),
                (["--layout", "javisbench", "--manifest", "x.txt"], "must end in"),
                (["--layout", "javisbench", "--manifest", "x.csv"], "x.csv cannot be read"),
                (["--layout", "javisbench"], "needs 1 sample, and there are none"),
                (["--layout", "av-benchmark", "--seconds", "0"], "--seconds is 0"),
                (["--layout", "audioldm_eval", "--reference", "/nowhere"], "/nowhere is not there"),
                (["--layout", "av-benchmark", "--manifest", "x.csv"], "goes by names"),
            ])
        func refused(words: [String], reason: String) async throws {
            try FileManager.default.createDirectory(atPath: shop.path("made"), withIntermediateDirectories: true)
            try shop.write("made/a.wav", "no sound")
            let ran = try await Programs.run("seehear", ["export", shop.path("made"), "-o", shop.path("out")] + words)
            #expect(ran.code == 2 && ran.output.isEmpty && ran.errors.contains(reason), "\(ran.text)")
            #expect(try shop.names() == ["made"])
        }
    }
}
