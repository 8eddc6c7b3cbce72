import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct FileIdentityTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func reason(_ path: String) -> String? {
        do throws(FileError) {
            _ = try FileIdentity(path: path, hashing: true)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test("a file is identified by size, time and, where asked for, SHA-256")
    func sizeTimeAndDigest() throws {
        let path = try folder.write("abc", to: "abc")
        let found = try FileIdentity(path: path, hashing: true)
        #expect(found.bytes == 3)
        #expect(found.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let time = try #require(try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
        #expect(abs(Double(found.modified) / 1e9 - time.timeIntervalSince1970) < 0.001)
        #expect(try FileIdentity(path: path, hashing: false).sha256 == nil)
        let empty = try FileIdentity(path: folder.write("", to: "empty"), hashing: true)
        #expect(empty.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    /// Read in two pieces. head -c 5000000 /dev/zero | sha256sum
    @Test("a file read in several pieces has the SHA-256 of the whole")
    func severalPieces() throws {
        let path = try folder.write(String(repeating: "\0", count: 5_000_000), to: "zeros")
        #expect(
            try FileIdentity(path: path, hashing: true).sha256
                == "b39781589c4403fb82174c9647a010464cff38bad976547d339899b00053a545")
    }

    @Test("what is no regular file is refused at once, with the reason")
    func whatIsNoRegularFile() throws {
        #expect(reason(folder.url.appending(path: "none").path) == "there is no such file or folder")
        #expect(reason(folder.url.path) == "it is a folder, and a regular file is needed")
        // Opening a pipe that nobody writes to must not wait.
        let pipe = folder.url.appending(path: "pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(reason(pipe) == "it is a pipe, and a regular file is needed")
    }
}
