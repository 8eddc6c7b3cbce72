internal import Glibc

/// What a plan says that a file is. Whoever uses the file holds it to this before, and again afterwards.
package struct FileClaim: Sendable, Equatable {
    /// Where the file lies.
    package let path: String
    package let bytes: Int64
    /// SHA-256 in lower-case hexadecimal; nil where the plan did not look at the content.
    package let sha256: String?
    /// The modification time in nanoseconds since 1970; nil where the content says it all.
    package let modified: Int64?

    package init(path: String, bytes: Int64, sha256: String?, modified: Int64?) {
        self.path = path
        self.bytes = bytes
        self.sha256 = sha256
        self.modified = modified
    }

    /// Compares the file with what was planned: the size, then the time or the content, as far as they are planned. Blocks
    /// until all of it is read where the content is compared.
    /// - Returns: how the planned file looks from outside.
    /// - Throws: ``FileClaimError``.
    package func check() throws(FileClaimError) -> FileStamp {
        let file: InputFile
        let digest: String?
        let stamp: FileStamp
        do throws(FileError) {
            file = try InputFile(path)
            // Of another size, the content need not be read.
            digest = sha256 != nil && file.size == bytes ? try FileIdentity.digest(of: file) : nil
            stamp = try file.stampNow()
        } catch {
            throw error.code == ENODATA ? changed("it was cut while it was read") : .unreadable(error)
        }
        guard file.size == bytes else { throw changed("it has \(file.size) bytes, and \(bytes) were planned") }
        if let modified, modified != file.modified { throw changed("it was written to after the run was planned") }
        guard digest == sha256 else { throw changed("its content is not the one that was planned") }
        guard stamp == file.stamp else { throw changed("it is being written to") }
        return stamp
    }

    /// Looks whether the file is still the planned one: from outside, and where that tells nothing, as ``check()`` does.
    /// - Parameter stamp: what the last look gave.
    /// - Returns: how it looks now.
    /// - Throws: ``FileClaimError``.
    package func check(since stamp: FileStamp) throws(FileClaimError) -> FileStamp {
        do throws(FileError) {
            if try FileStamp(path: path) == stamp, !stamp.isRecent { return stamp }
        } catch {
            throw .unreadable(error)
        }
        return try check()
    }

    private func changed(_ found: String) -> FileClaimError { .changed(path: path, found: found) }
}

/// Why a file is not the one that was planned.
package enum FileClaimError: Error, Equatable, CustomStringConvertible {
    /// It is another one, in what.
    case changed(path: String, found: String)
    /// Nobody knows, for it cannot be read.
    case unreadable(FileError)

    /// One sentence with the remedy.
    package var description: String {
        switch self {
        case .changed(let path, let found):
            "\(path) is not the file that the run was planned with: \(found); put that file back, or plan a new run"
        case .unreadable(let error): error.description
        }
    }
}
