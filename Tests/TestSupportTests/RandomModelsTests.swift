import Foundation
import Testing

@testable import TestSupport

/// The models that goldens were made with are the ones that are drawn.
@Suite struct RandomModelsTests {
    /// Made afresh, since what lies published may come from older sources.
    @Test func weightsHaveTheirSums() throws {
        let folder = try TemporaryFolder()
        try RandomModels.make(in: folder.url)
        let sums = Fixtures.checkout.appending(path: "Models/random/SHA256SUMS").path
        let check = try Running("sha256sum", ["--check", "--strict", sums], in: folder.url).blockingOutcome()
        #expect(check.code == 0 && check.lines.count == 9, "\(check.text)")
    }

    @Test func theArchiveHoldsTheSameTensors() throws {
        let (plain, archive) = try (WeightEntry.all(of: path("safetensors")), WeightEntry.all(of: path("pth")))
        #expect(plain.count == 169 && archive.count == plain.count)
        let byName = Dictionary(plain.map { ($0.name, $0) }) { _, last in last }
        for entry in archive {
            let other = try #require(byName[entry.name])
            #expect(entry.dtype == other.dtype && entry.shape == other.shape && entry.bytes == other.bytes)
        }
    }

    private func path(_ type: String) -> String {
        RandomModels.folder.appending(path: "imagebind/imagebind_huge.\(type)").path
    }

    /// Several that begin at once publish one folder, and leave nothing half made beside it.
    @Test func whoComesLaterTakesWhatIsThere() async throws {
        let parent = try TemporaryFolder()
        let folders = try await withThrowingTaskGroup(of: URL.self) { group in
            for _ in 0..<3 { group.addTask { try RandomModels.publish(below: parent.url) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let name = try #require(folders.first?.lastPathComponent)
        #expect(Set(folders.map(\.path)) == ["\(parent.path)/\(name)"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == [name])
        let names = try parent.contents(under: name).keys
        for file in [
            "audioldm/tokenizer/vocab.json", "imagebind/bpe_simple_vocab_16e6.txt.gz", "sd15/unet/config.json",
        ] {
            #expect(names.contains(file))
        }
    }

    @Test func aLineThatMeansNothingIsNamed() throws {
        for line in ["fil x f32 1", "file x f33 1", "file x f32 1\n  a layer N", "define a B\nfile x f32 1\n  y a 1 2"]
        {
            #expect(throws: WeightRecipe.Misfit.self, "\(line)") { try WeightRecipe(line) }
        }
        let recipe = try WeightRecipe("define a B\n  c,d.e layer 2B B\n  . f B\nfile x f16 7\n  y,z a 3 k=v")
        #expect(recipe.files[0].parts.map(\.path) == ["y.c.e", "y.d.e", "y", "z.c.e", "z.d.e", "z"])
        #expect(recipe.files[0].parts[0].numbers == [6, 3])
    }
}
