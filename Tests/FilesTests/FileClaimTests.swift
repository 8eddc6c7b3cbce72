import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct FileClaimTests {
    private let scratch: TemporaryFolder
    private let path: String

    init() throws {
        scratch = try TemporaryFolder()
        path = try scratch.write("what was planned", to: "file")
    }

    private func claim(hashing: Bool = true) throws -> FileClaim {
        let identity = try FileIdentity(path: path, hashing: hashing)
        return FileClaim(
            path: path, bytes: identity.bytes, sha256: identity.sha256, modified: hashing ? nil : identity.modified)
    }

    private func age(_ seconds: Double = 60) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: path)
    }

    private func found(_ body: () throws -> FileStamp) -> FileClaimError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? FileClaimError
        }
    }

    @Test("a file that is the planned one passes, also after a change of its time or its name alone")
    func unchanged() throws {
        let claim = try claim()
        let stamp = try claim.check()
        #expect(try claim.check(since: stamp) == stamp)
        try age()
        let later = try claim.check(since: stamp)
        #expect(later != stamp)
        try scratch.write("what was planned", to: "copy")
        #expect(rename(scratch.url.appending(path: "copy").path, path) == 0)
        #expect(try claim.check(since: later) != later)
    }

    @Test("another length and other content are named, also where the time is as it was")
    func changed() throws {
        let claim = try claim()
        let stamp = try claim.check()
        try scratch.write("what is longer than planned", to: "file")
        #expect(found { try claim.check() }?.description.contains("it has 27 bytes, and 16 were planned") == true)
        try scratch.write("what was plannec", to: "file")
        let why = found { try claim.check(since: stamp) }?.description
        #expect(why?.contains("\(path) is not the file that the run was planned with: its content is not") == true)
        #expect(why?.contains("put that file back, or plan a new run") == true)
    }

    @Test("without a hash the time decides")
    func times() throws {
        try age(100)
        let claim = try claim(hashing: false)
        _ = try claim.check()
        try age(50)
        #expect(found { try claim.check() }?.description.contains("written to after the run was planned") == true)
        try age(100)
    }

    @Test("a change right after a look is seen, though the clock of files is coarse")
    func quickChanges() throws {
        for round in 0..<20 {
            try scratch.write("round \(round) before", to: "file")
            let claim = try claim()
            let stamp = try claim.check()
            try scratch.write("round \(round) beforf", to: "file")
            #expect(throws: FileClaimError.self) { try claim.check(since: stamp) }
        }
    }

    @Test("a file that is gone, or no file, is unreadable and not changed")
    func unreadable() throws {
        let claim = try claim()
        let stamp = try claim.check()
        try FileManager.default.removeItem(atPath: path)
        for error in [found { try claim.check() }, found { try claim.check(since: stamp) }] {
            guard case .unreadable(let error)? = error else {
                Issue.record("\(error.map(\.description) ?? "no error")")
                continue
            }
            #expect(error.isMissing)
        }
        #expect(mkfifo(path, 0o600) == 0)
        guard case .unreadable(let error)? = found({ try claim.check() }) else {
            Issue.record("a pipe was read")
            return
        }
        #expect(error.obstacle == "a pipe")
    }
}
