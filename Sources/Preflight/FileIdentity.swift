import Coordinator
import Crypto
import Shard

/// A file's size, and what it is known by: the time of its last change and, on request, its content.
struct FileIdentity: Equatable {
    let bytes: Int64
    /// Nanoseconds since 1970.
    let modified: Int64
    /// SHA-256 in lower-case hexadecimal; nil where it was not asked for.
    let sha256: String?

    private static let pieceSize = 4 << 20

    /// Why a file cannot be looked at.
    struct Failure: Error, Equatable {
        /// The system's words.
        let text: String
    }

    /// Looks at a regular file, symbolic links followed. Blocks until all of it is read where it is hashed.
    init(path: String, hashing: Bool) throws(Failure) {
        do throws(FileError) {
            let file = try InputFile(path)
            bytes = Int64(file.size)
            modified = file.modified
            sha256 = hashing ? try Self.digest(of: file) : nil
        } catch {
            throw Failure(text: FileProblem.text(errno: error.code))
        }
    }

    private static func digest(of file: InputFile) throws(FileError) -> String {
        var hash = SHA256()
        for offset in stride(from: 0, to: file.size, by: pieceSize) {
            hash.update(data: try file.read(at: offset, count: min(pieceSize, file.size - offset)))
        }
        return hexadecimal(hash.finalize())
    }
}
