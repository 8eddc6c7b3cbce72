import Files
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Files

@Suite struct PublishingTests {
    private func publish(
        _ text: String, in folder: TemporaryFolder, _ policy: AtomicFile.Policy = .keepExisting,
        faults: FaultHook = .none
    ) throws -> AtomicFile.Outcome {
        var file = try AtomicFile(folder: folder.path, name: "x.json", faults: faults)
        try file.write(Array(text.utf8))
        return try file.publish(policy)
    }

    @Test("a published file is there whole, and nothing is beside it")
    func appearsWhole() throws {
        let folder = try TemporaryFolder()
        #expect(try publish("one", in: folder) == .published)
        #expect(try folder.contents() == ["x.json": Array("one".utf8)])
    }

    @Test("a small file is replaced in one call, and a missing folder is named")
    func smallFilesInOneCall() throws {
        let folder = try TemporaryFolder()
        for text in ["one", "", "another"] {
            try AtomicFile.write(Array(text.utf8), to: "\(folder.path)/STATUS")
            #expect(try folder.contents() == ["STATUS": Array(text.utf8)])
        }
        #expect { try AtomicFile.write([1], to: "\(folder.path)/none/STATUS") } throws: { error in
            (error as? FileError)?.code == ENOENT && "\(error)".contains("\(folder.path)/none/.STATUS.tmp.")
        }
    }

    @Test func hashesWhatItWrites() throws {
        let folder = try TemporaryFolder()
        var file = try AtomicFile(folder: folder.path, name: "x", faults: .none)
        try file.write(Array("ab".utf8))
        try file.write(Array("c".utf8))
        let hash = file.sha256
        #expect(hash == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(file.count == 3)
        _ = try file.publish(.keepExisting)
    }

    @Test func firstPublicationWins() throws {
        let folder = try TemporaryFolder()
        _ = try publish("one", in: folder)
        #expect(try publish("two", in: folder) == .existed)
        #expect(try folder.contents() == ["x.json": Array("one".utf8)])
        #expect(try publish("two", in: folder, .replaceExisting) == .published)
        #expect(try folder.contents() == ["x.json": Array("two".utf8)])
    }

    @Test(
        "stopped before any step, the name is absent or holds everything, and sweeping leaves nothing else",
        arguments: [PublishStep.open, .write, .synchronize, .rename, .synchronizeFolder])
    func stoppedAt(step: PublishStep) throws {
        let folder = try TemporaryFolder()
        #expect(throws: InjectedFault(step: step, name: "x.json")) {
            try publish("content", in: folder, faults: FaultHook { at, _ in at == step })
        }
        let visible = try folder.contents().filter { $0.key.first != "." }
        #expect(visible == (step == .synchronizeFolder ? ["x.json": Array("content".utf8)] : [:]))
        let left = try folder.contents().count - visible.count
        #expect(left == ([.write, .synchronize, .rename].contains(step) ? 1 : 0))
        // The value is gone, so nobody in this process writes the file any more.
        #expect(try TemporaryName.sweep(folder.path).count == left)
        #expect(try folder.contents() == visible)
        #expect(try publish("again", in: folder) == (step == .synchronizeFolder ? .existed : .published))
    }

    @Test func unpublishedFileVanishes() throws {
        let folder = try TemporaryFolder()
        do {
            var file = try AtomicFile(folder: folder.path, name: "x", faults: .none)
            try file.write([1, 2, 3])
            #expect(try folder.contents().count == 1)
        }
        #expect(try folder.contents().isEmpty)
    }

    @Test func missingFolderIsNamed() {
        #expect { _ = try AtomicFile(folder: "/nonexistent/folder", name: "x", faults: .none) } throws: { error in
            (error as? FileError)?.code == ENOENT && "\(error)".contains("/nonexistent/folder")
        }
    }

    @Test("a temporary name is read back as host, process and target, and no other name is one")
    func temporaryNames() throws {
        for name in [".x.json.tmp.node1.42", ".x.json.tmp.node1.example.org.42", ".x.json.tmp.node1.42-3"] {
            let parsed = try #require(TemporaryName(parsing: name))
            #expect(parsed.text == name)
            #expect(parsed.process == 42)
            #expect(parsed.target == "x.json")
        }
        for name in [
            "x.tmp.h.1", ".x.tmp.h", ".x.tmp..1", ".x.tmp.h.-1", ".x.tmp.h.1-0", ".x.tmp.h.01", ".tmp.h.1", ".",
        ] {
            #expect(TemporaryName(parsing: name) == nil, "\(name)")
        }
    }

    @Test func sweepsTheDeadOnly() throws {
        let folder = try TemporaryFolder()
        let child = try Running("true", [])
        #expect(try child.blockingOutcome().code == 0)
        let dead = ".a.tmp.\(LocalHost.name).\(child.pid)"
        let living = ".b.tmp.\(LocalHost.name).\(getppid())"
        let elsewhere = ".c.tmp.another-host.\(child.pid)"
        let ordinary = "batch-000000.json"
        for name in [dead, living, elsewhere, ordinary] { try folder.write([1], to: name) }
        let mine = try AtomicFile(folder: folder.path, name: "d", faults: .none)
        // Another spelling of the folder does not hide what is being written.
        #expect(try TemporaryName.sweep("\(folder.path)/") == [dead])
        #expect(try folder.contents().count == 4)
        _ = try mine.publish(.keepExisting)
    }

    /// A container gives the same process id again: what a predecessor left under our own name does not stand in the way.
    @Test("a leftover under our own name does not stand in the way")
    func leftoverUnderOurOwnName() throws {
        let folder = try TemporaryFolder()
        try folder.write([9, 9], to: ".x.json.tmp.\(LocalHost.name).\(getpid())")
        #expect(try publish("one", in: folder) == .published)
        #expect(try folder.contents() == ["x.json": Array("one".utf8)])
    }

    @Test("of several threads that publish a name one wins")
    func threadsOfOneProcess() async throws {
        let folder = try TemporaryFolder()
        let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
            for writer in 0..<8 { group.addTask { try publish("writer \(writer)", in: folder) == .published } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
        #expect(try folder.contents().count == 1)
    }
}
