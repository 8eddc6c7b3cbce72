import Foundation
import TestSupport
import Testing

@testable import Files

/// What another user may have put in our way.
@Suite struct OwnFileTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/rank-0001.log" }
    private var secret: String { folder.path + "/secret" }

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("private", to: "secret")
    }

    private func problem() -> String? {
        let log = LogFile(path)
        log.append("a line\n")
        return log.problem?.description
    }

    @Test("a log is made, and appended to")
    func log() throws {
        #expect(problem() == nil)
        #expect(problem() == nil)
        #expect(try folder.read("rank-0001.log") == Array("a line\na line\n".utf8))
    }

    @Test("a log follows no link, also one that leads nowhere, and waits for no pipe")
    func obstacles() throws {
        for target in [secret, folder.path + "/absent"] {
            #expect(symlink(target, path) == 0)
            #expect(problem()?.contains("it is a link, and a regular file is needed") == true)
            unlink(path)
        }
        #expect(mkfifo(path, 0o600) == 0)
        #expect(problem()?.contains("it is a pipe") == true)
        unlink(path)
        #expect(link(secret, path) == 0)
        #expect(problem()?.contains("another name") == true)
        unlink(path)
        #expect(mkdir(path, 0o700) == 0)
        #expect(problem()?.contains("it is a folder") == true)
        #expect(try folder.read("secret") == Array("private".utf8))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/absent"))
    }

    @Test("a log in a folder that is a link is not written")
    func linkedFolder() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/elsewhere", withIntermediateDirectories: true)
        #expect(symlink(folder.path + "/elsewhere", folder.path + "/logs") == 0)
        let log = LogFile(folder.path + "/logs/rank-0000.log")
        log.append("a line\n")
        #expect(log.problem?.description.contains("a folder that is a link") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/elsewhere").isEmpty)
    }

    @Test("a file of another user is written only where the folder is theirs too", .enabled(if: geteuid() == 0))
    func otherUsers() throws {
        try folder.write("theirs\n", to: "rank-0001.log")
        #expect(chown(path, 12345, 12345) == 0)
        #expect(problem()?.contains("a file of user 12345") == true)
        #expect(chown(folder.path, 12345, 12345) == 0)
        #expect(problem() == nil)
        #expect(chown(folder.path, 0, 0) == 0)
    }

    @Test("a lock is taken on no link, and nothing that it leads to is changed")
    func lock() throws {
        #expect(symlink(secret, path) == 0)
        #expect { try FileLock(path, holder: "me") } throws: { error in
            guard case .unusable(let error)? = error as? FileLock.Failure else { return false }
            return error.description.contains("a link")
        }
        #expect(try folder.read("secret") == Array("private".utf8))
    }

    @Test("a small file is written in place, and never through a link")
    func inPlace() throws {
        for text in ["one", "", "another"] {
            try OwnFile.write(text, to: path)
            #expect(try folder.read("rank-0001.log") == Array(text.utf8))
        }
        unlink(path)
        #expect(symlink(secret, path) == 0)
        #expect(throws: FileError.self) { try OwnFile.write("x", to: path) }
        #expect(try folder.read("secret") == Array("private".utf8))
    }

    @Test("a file of a run is read through no link, and one that is not there is nil")
    func ofRun() throws {
        #expect(try InputFile.ofRun(secret)?.readAll(limit: 100) == Array("private".utf8))
        #expect(try InputFile.ofRun(path) == nil)
        #expect(symlink(secret, path) == 0)
        #expect { try InputFile.ofRun(path) } throws: { "\($0)".contains("it is a link") }
        #expect(try InputFile(path).size == 7)
    }

    // MARK: - Private folders

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o777
    }

    @Test("a private folder is made for this user alone, and found again")
    func privateFolder() throws {
        let made = try PrivateFolder.make("copy", in: folder.path)
        #expect(made == folder.path + "/copy")
        #expect(try mode(made) == 0o700)
        #expect(try PrivateFolder.make("copy", in: folder.path) == made)
    }

    @Test("where its name is a link, open to others, or theirs, another folder is made")
    func prepared() throws {
        let name = folder.path + "/copy"
        func expectAnother(_ why: String) throws {
            let made = try PrivateFolder.make("copy", in: folder.path)
            #expect(made.hasPrefix(name + "-") && made.count == name.count + 7, "\(why)")
            #expect(try mode(made) == 0o700)
        }
        #expect(symlink(folder.path, name) == 0)
        try expectAnother("a link")
        unlink(name)
        #expect(mkdir(name, 0o700) == 0 && chmod(name, 0o770) == 0)
        try expectAnother("open to the group")
        #expect(chmod(name, 0o700) == 0)
        if geteuid() == 0 {
            #expect(chown(name, 12345, 12345) == 0)
            try expectAnother("another user's")
        }
        rmdir(name)
        try folder.write("x", to: "copy")
        try expectAnother("a file")
    }

    @Test("a folder that cannot hold a private one is named")
    func nowhere() {
        #expect { try PrivateFolder.make("copy", in: "/nonexistent") } throws: { "\($0)".contains("/nonexistent/copy") }
    }
}
