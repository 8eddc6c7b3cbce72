import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct AtomicFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func publish(_ name: String, _ text: String = "x") throws {
        let made = try AtomicFolder(path(name))
        try AtomicFile.write(Array(text.utf8), to: "\(made.path)/file")
        try made.publish()
    }

    @Test(
        "a published folder is there whole, and nothing is beside it, whether an empty one was there or none",
        arguments: ["out", "out/", "a/b/out", "empty", "link"])
    func appearsWhole(name: String) throws {
        for empty in ["empty", "real"] {
            try FileManager.default.createDirectory(atPath: path(empty), withIntermediateDirectories: true)
        }
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("real"))
        try publish(name)
        let inner = name == "link" ? "real" : name == "out/" ? "out" : name
        #expect(try folder.contents()["\(inner)/file"] == Array("x".utf8))
        #expect(try Directory.names(in: path(inner)) == ["file"])
        let others = try Directory.names(in: folder.path).filter { $0.hasPrefix(".") }
        #expect(others.isEmpty)
    }

    @Test("what is not published goes away with all that was written")
    func goesAway() throws {
        do {
            let made = try AtomicFolder(path("out"))
            try Directory.create("\(made.path)/inner")
            try AtomicFile.write([1], to: "\(made.path)/inner/file")
        }
        #expect(try Directory.names(in: folder.path).isEmpty)
    }

    @Test("a folder that was filled meanwhile stays as it is")
    func takenMeanwhile() throws {
        let made = try AtomicFolder(path("out"))
        try folder.write("mine", to: "out/file")
        do {
            try made.publish()
            Issue.record("it was replaced")
        } catch {
            #expect(error.description.contains("out"))
        }
        #expect(try folder.contents() == ["out/file": Array("mine".utf8)])
    }

    @Test("what a dead process left of the same folder is removed, and other folders' stay")
    func sweeps() throws {
        // No process has that id: it is beyond the highest.
        let dead = "tmp.\(LocalHost.name).2147483647"
        try folder.write("x", to: ".out.\(dead)/inner/file")
        try folder.write("x", to: ".other.\(dead)/file")
        try publish("out")
        #expect(try Directory.names(in: folder.path) == [".other.\(dead)", "out"])
    }
}
