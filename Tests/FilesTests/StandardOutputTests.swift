import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct StandardOutputTests {
    @Test("lines come in order, however many, and nothing is held back at the end")
    func lines() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appending(path: "out").path
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        let output = StandardOutput(descriptor: descriptor)
        let lines = (0..<20_000).map { "line \($0) é" }
        for line in lines { try output.line(line) }
        try output.flush()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == lines.joined(separator: "\n") + "\n")
    }

    @Test("what cannot be written is an error, at the latest when the rest is")
    func full() throws {
        let descriptor = open("/dev/full", O_WRONLY)
        defer { close(descriptor) }
        let output = StandardOutput(descriptor: descriptor)
        try output.line("short")
        let error = #expect(throws: FileError.self) { try output.flush() }
        #expect(error?.code == ENOSPC)
        #expect(error?.description.hasPrefix("cannot write to standard output: the disk is full") == true)
        #expect(throws: FileError.self) {
            for _ in 0..<10_000 { try output.line("a line that fills what is gathered before it is written") }
        }
    }
}
