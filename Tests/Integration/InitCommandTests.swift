import Foundation
import TestSupport
import Testing

extension Integration {
    /// `seehear init`: what it writes is a job that plans.
    @Suite("A job to begin with")
    struct InitCommandTests {
        @Test("a folder of clips becomes a manifest and a job, which plan as they are but for the models")
        func folder() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let out = shop.path("job")
            let wrote = try await Programs.seehear("init", shop.folder.path, "--out", out)
            #expect(wrote.code == 0, "\(wrote.text)")
            #expect(wrote.lines.first == "wrote \(out)/samples.jsonl: 6 rows of v2a", "\(wrote.text)")
            #expect(wrote.lines.last == "  seehear plan \(out)/job.yaml --dry-run")
            let random = RandomModels.folder.path
            let models = ["audio=\(random)/audioldm", "binder=\(random)/imagebind"].flatMap {
                ["--set", "models.\($0)"]
            }
            let planned = try await Programs.run("seehear", ["plan", "\(out)/job.yaml", "--dry-run"] + models)
            #expect(planned.code == 0, "\(planned.text)")

            // Nothing that somebody has edited is written over.
            let again = try await Programs.seehear("init", shop.folder.path, "--out", out)
            #expect(again.code == 2 && again.errors.contains("\(out)/samples.jsonl is there already"), "\(again.text)")
            let nothing = try await Programs.seehear("init", shop.path("none"), "--out", shop.path("other"))
            #expect(nothing.code == 2 && nothing.errors.hasPrefix("error: \(shop.path("none")) is not there"))
            #expect(!FileManager.default.fileExists(atPath: shop.path("other")))
        }
    }
}
