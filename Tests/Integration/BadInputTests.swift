import Foundation
import Shard
import TestSupport
import Testing

extension Integration {
    /// Manifests and files that are wrong.
    @Suite("Bad inputs", .serialized)
    struct BadInputTests {
        /// A manifest row that cannot be used.
        struct BadRow: Sendable, CustomTestStringConvertible {
            let id: String
            let fields: String
            /// The error's kind, which a failed sample records.
            let kind: String
            /// What the message says.
            let message: String

            var line: String { #"{"id": "\#(id)", \#(fields)}"# }
            var testDescription: String { id }
        }

        /// Rows with an id of their own: they can be recorded as failed samples.
        static let recordable: [BadRow] = [
            BadRow(id: "cut", fields: #""video": "cut.mp4""#, kind: "corrupt", message: "truncated or damaged"),
            BadRow(
                id: "text", fields: #""video": "text.mp4""#, kind: "unrecognised",
                message: "no format that FFmpeg knows"),
            BadRow(id: "zero", fields: #""video": "zero.mp4""#, kind: "empty", message: "zero bytes"),
            BadRow(
                id: "sound", fields: #""video": "sound.mp4""#, kind: "noVideoStream", message: "it holds only: audio"),
            BadRow(id: "folder", fields: #""video": "folder.mp4""#, kind: "notAFile", message: "it is a folder"),
            BadRow(id: "absent", fields: #""video": "absent.mp4""#, kind: "notFound", message: "no such file"),
            BadRow(id: "pipe", fields: #""video": "pipe.mp4""#, kind: "notAFile", message: "pipe.mp4"),
            BadRow(
                id: "dot", fields: #""task": "i2a", "image": "dot.png""#, kind: "invalidDimensions",
                message: "1×1 pixels"),
            BadRow(id: "still", fields: #""video": "still.png""#, kind: "wrongMedia", message: "still image"),
            BadRow(
                id: "column", fields: #""video": "card.mp4", "fps": 3"#, kind: "unknown_column",
                message: "`fps`: is not a column"),
            BadRow(
                id: "seed", fields: #""video": "card.mp4", "seed": -1"#, kind: "bad_value", message: "is not a seed"),
            BadRow(
                id: "late", fields: #""video": "card.mp4", "start": 5"#, kind: "outOfRange",
                message: "the clip ends at 1 s"),
        ]

        /// Lines that name no sample: they refuse the plan whatever the job says.
        static let refusing: [(line: String, message: String)] = [
            (#"{"id": "broken", "video":"#, "not valid JSON at byte"),
            (#"{"id": "card", "video": "card.mp4"}"#, "already belongs to row 1"),
            (#"{"id": "a/b", "video": "card.mp4"}"#, "holds a slash"),
            (#"{"id": "a.b", "video": "card.mp4"}"#, "holds a dot"),
            (#"{"id": "a b", "video": "card.mp4"}"#, "holds a space"),
            (#"{"id": "\#(String(repeating: "x", count: 300))", "video": "card.mp4"}"#, "has 300 bytes"),
        ]

        /// A workshop with a good clip and every bad file.
        private func workshop() async throws -> Workshop {
            let shop = try Workshop()
            try await shop.make(
                "card.mp4", "-f lavfi -i testsrc2=s=96x64:r=12:d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p")
            try await shop.make("sound.mp4", "-f lavfi -i sine=d=1 -c:a aac")
            try await shop.make("dot.png", "-f lavfi -i color=s=1x1,format=rgb24 -frames:v 1")
            try await shop.make("still.png", "-f lavfi -i testsrc2=s=64x48 -frames:v 1")
            let clip = try Data(contentsOf: shop.folder.appending(path: "card.mp4"))
            try shop.write("cut.mp4", clip.prefix(clip.count / 2))
            try shop.write("text.mp4", "this is not a film\n")
            try shop.write("zero.mp4", "")
            try FileManager.default.createDirectory(
                at: shop.folder.appending(path: "folder.mp4"), withIntermediateDirectories: true)
            #expect(mkfifo(shop.path("pipe.mp4"), 0o600) == 0)
            return shop
        }

        /// Members that clips and images both have.
        private static let members = "members: [json, flac, audio_latent]"
        private static let good = #"{"id": "card", "video": "card.mp4"}"#

        @Test("each is named when the job is planned, all at once, and nothing is written")
        func refusedByThePlan() async throws {
            let shop = try await workshop()
            let wrong = Self.recordable.map { ($0.line, $0.message) } + Self.refusing
            let job = try shop.writeJob(rows: [Self.good] + wrong.map(\.0), settings: Self.members)
            let before = try shop.names()
            for outcome in [
                try await Programs.seehear("plan", job, "--out", shop.path("run")),
                try await Programs.worker([job, "--out", shop.path("run")]),
                try await Programs.mpirun(3, [job, "--out", shop.path("run")]),
                try await Programs.run(
                    Fixtures.checkout.appending(path: "cluster/launch").path,
                    ["-n", "3", job, "--out", shop.path("run")],
                    environment: ["SEEHEAR_BIN": Programs.folder.path]),
            ] {
                #expect(outcome.code == 2, "\(outcome.text)")
                for (index, (line, message)) in wrong.enumerated() {
                    let found = outcome.errors.split(separator: "\n").filter { $0.contains("row \(index + 2)") }
                    #expect(found.contains { $0.contains(message) }, "\(line): \(found)")
                }
            }
            #expect(try shop.names() == before)
        }

        @Test("what cannot be recorded refuses the plan even so", arguments: Self.refusing)
        func refusedAlways(line: String, message: String) async throws {
            let shop = try await workshop()
            let job = try shop.writeJob(rows: [Self.good, line], settings: "invalid_rows: record")
            let outcome = try await Programs.seehear("plan", job, "--out", shop.path("run"))
            #expect(outcome.code == 2 && outcome.errors.contains(message), "\(outcome.text)")
            #expect(!FileManager.default.fileExists(atPath: shop.path("run")))
        }

        @Test("with invalid_rows: record each costs its own sample alone")
        func recorded() async throws {
            let shop = try await workshop()
            var lines = Self.recordable.map(\.line)
            lines.insert(Self.good, at: 3)
            lines.append(Self.good.replacing("\"card\"", with: "\"last\""))
            let job = try shop.writeJob(rows: lines, settings: Self.members + "\ninvalid_rows: record")
            let run = shop.path("run")
            let outcome = try await Programs.mpirun(3, [job, "--out", run])
            #expect(outcome.code == 3, "\(outcome.text)")
            let rows = Dictionary(uniqueKeysWithValues: try await FinishedRun(run).rows().map { ($0.key, $0) })
            #expect(rows.count == lines.count)
            #expect(rows.values.filter { $0.status == .ok }.map(\.key).sorted() == ["card", "last"])
            for bad in Self.recordable {
                let error = try #require(rows[bad.id]?.error)
                #expect(error.kind == bad.kind)
                #expect(error.message.contains(bad.message))
            }
            let listed = try await Programs.seehear("ls", run, "--failed")
            #expect(listed.lines.count == Self.recordable.count, "\(listed.text)")
            let verified = try await Programs.seehear("verify", "--deep", run)
            #expect(verified.code == 0, "\(verified.text)")
            try await OtherReaders.read(run)
        }

        @Test("a file that cannot be read is named", .enabled(if: getuid() != 0, "root may read everything"))
        func noPermission() async throws {
            let shop = try await workshop()
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: shop.path("text.mp4"))
            let job = try shop.writeJob(rows: [#"{"id": "text", "video": "text.mp4"}"#])
            let outcome = try await Programs.seehear("plan", job, "--out", shop.path("run"))
            #expect(outcome.code == 2 && outcome.errors.contains("text.mp4"), "\(outcome.text)")
        }

        @Test("files that vanish or are damaged after planning cost their own samples alone")
        func afterPlanning() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let run = shop.path("run")
            let planned = try await Programs.seehear("plan", try shop.writeJob(), "--out", run)
            #expect(planned.code == 0, "\(planned.text)")
            try FileManager.default.removeItem(atPath: shop.path("bars.mp4"))
            let clip = try Data(contentsOf: shop.folder.appending(path: "snow.avi"))
            try shop.write("snow.avi", clip.prefix(2000))
            try shop.write("zoom.mov", "now a text")

            let outcome = try await Programs.mpirun(3, [run])
            #expect(outcome.code == 3, "\(outcome.text)")
            let rows = try await FinishedRun(run).rows()
            #expect(rows.filter { $0.status == .ok }.map(\.key) == ["card", "life", "drift"])
            for row in rows where row.status == .failed {
                let error = try #require(row.error)
                #expect(error.message.contains(row.key), "\(error)")
            }
            let verified = try await Programs.seehear("verify", "--deep", run)
            #expect(verified.code == 0, "\(verified.text)")
        }
    }
}
