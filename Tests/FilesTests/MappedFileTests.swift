import Files
import Foundation
import TestSupport
import Testing

@Suite struct MappedFileTests {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @Test func holdsTheBytesAndChecksSlices() throws {
        let path = try scratch.write([1, 2, 3, 4, 5], to: "data")
        let file = try MappedFile(path: path)
        #expect(file.withBytes { Array($0) } == [1, 2, 3, 4, 5])
        #expect(try file.withSlice(1..<3) { Array($0) } == [2, 3])
        #expect(try file.withSlice(5..<5) { $0.isEmpty })
        #expect(throws: MappedFileError.outOfBounds(path: path, range: 4..<6, size: 5)) {
            try file.withSlice(4..<6) { $0.count }
        }
        #expect(throws: MappedFileError.self) { try file.withSlice(-1..<2) { $0.count } }
    }

    @Test func staysReadableAfterTheFileIsRemoved() throws {
        let path = try scratch.write([7, 8], to: "data")
        let file = try MappedFile(path: path)
        try FileManager.default.removeItem(atPath: path)
        #expect(file.withBytes { Array($0) } == [7, 8])
    }

    @Test func refusesWhatIsNoFileWithContent() throws {
        let missing = scratch.path + "/missing"
        #expect(throws: MappedFileError.missing(path: missing)) { try MappedFile(path: missing) }
        let below = try scratch.write([1], to: "plain") + "/below"
        #expect(throws: MappedFileError.missing(path: below)) { try MappedFile(path: below) }
        let empty = try scratch.write([], to: "empty")
        #expect(throws: MappedFileError.empty(path: empty)) { try MappedFile(path: empty) }
        #expect(throws: MappedFileError.notRegular(path: scratch.path, kind: "a folder")) {
            try MappedFile(path: scratch.path)
        }
        let pipe = scratch.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: MappedFileError.notRegular(path: pipe, kind: "a pipe")) { try MappedFile(path: pipe) }
        #expect(throws: MappedFileError.notRegular(path: "/dev/null", kind: "a device")) {
            try MappedFile(path: "/dev/null")
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything")) func namesTheReasonForUnreadable() throws {
        let path = try scratch.write([1], to: "closed")
        #expect(chmod(path, 0) == 0)
        #expect(throws: MappedFileError.unreadable(path: path, reason: "permission is missing")) {
            try MappedFile(path: path)
        }
    }
}
