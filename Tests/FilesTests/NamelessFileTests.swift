import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct NamelessFileTests {
    @Test("bytes can be read by path while the file lives, and no name is left anywhere")
    func readable() throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let file = try NamelessFile(bytes, in: folder.url.path)
        #expect(try InputFile.bytes(of: file.path, limit: 1 << 20, followingLinks: true) == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test("a folder that is not there is named")
    func missing() {
        #expect { try NamelessFile([1], in: "/nowhere/at/all") } throws: { "\($0)".contains("/nowhere/at/all") }
    }
}
