import Foundation
import TestSupport
import Testing

@testable import Goldens

/// The models that goldens were made with are the ones that are drawn.
@Suite struct RandomModelMakerTests {
    /// Made afresh, since what lies published may come from older sources.
    @Test func weightsHaveTheirSums() throws {
        let folder = try TemporaryFolder()
        try RandomModelMaker(Fixtures.goldens).make(in: folder.url)
        let sums = Fixtures.checkout.appending(path: "Models/random/SHA256SUMS").path
        let check = try Running("sha256sum", ["--check", "--strict", sums], in: folder.url).blockingOutcome()
        #expect(check.code == 0 && check.lines.count == 11, "\(check.text)")
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
