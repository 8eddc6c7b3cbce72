/// A file's size, and what it is known by: the time of its last change and, on request, its content.
package struct FileIdentity: Equatable, Sendable {
    package let bytes: Int64
    /// Nanoseconds since 1970.
    package let modified: Int64
    /// SHA-256 in lower-case hexadecimal; nil where it was not asked for.
    package let sha256: String?

    private static let pieceSize = 4 << 20

    /// Looks at a regular file, symbolic links followed. Blocks until all of it is read where it is hashed.
    /// - Throws: ``FileError``.
    package init(path: String, hashing: Bool) throws(FileError) {
        let file = try InputFile(path)
        bytes = Int64(file.size)
        modified = file.modified
        sha256 = hashing ? try Self.digest(of: file) : nil
    }

    /// SHA-256 of a file in lower-case hexadecimal, read piece by piece.
    static func digest(of file: InputFile) throws(FileError) -> String {
        var hash = SHA256()
        for offset in stride(from: 0, to: file.size, by: pieceSize) {
            hash.update(try file.read(at: offset, count: min(pieceSize, file.size - offset)))
        }
        return hash.hexadecimalDigest
    }
}
