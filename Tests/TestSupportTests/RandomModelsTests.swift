import Foundation
import Testing

@testable import TestSupport

/// The models with random weights are made once, where all tests find them.
@Suite struct RandomModelsTests {
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
}
