internal import Files
internal import Glibc

/// The bytes of a manifest that are not parsed yet. It slides over the file as the parser goes on, so that a manifest of any
/// length takes little memory.
struct ManifestWindow {
    /// What is in memory.
    private(set) var bytes: [UInt8]
    /// Whether nothing comes behind ``bytes``.
    private(set) var isAtEnd: Bool
    private let file: InputFile?
    private let pieceSize: Int
    private var offset = 0

    /// A longer record is refused, in bytes.
    let maximumRecord: Int

    /// Texts and paths have narrower limits of their own.
    static let usualMaximum = 4 << 20

    /// A window on bytes that are all at hand.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        isAtEnd = true
        file = nil
        pieceSize = 0
        maximumRecord = Self.usualMaximum
        skipByteOrderMark()
    }

    /// A window on the beginning of a file.
    /// - Parameter pieceSize: bytes that are read at a time, 3 or more.
    /// - Throws: `FileError`.
    init(
        _ file: InputFile, pieceSize: Int = 1 << 20, maximumRecord: Int = usualMaximum
    ) throws(FileError) {
        bytes = []
        isAtEnd = false
        self.file = file
        self.pieceSize = pieceSize
        self.maximumRecord = maximumRecord
        try slide(past: 0)
        skipByteOrderMark()
    }

    /// A window on the beginning of a manifest.
    /// - Throws: ``ManifestError``.
    init(manifest path: String) throws(ManifestError) {
        do throws(FileError) {
            let file = try InputFile(path)
            guard file.size <= Manifest.maximumBytes else { throw FileError("read", path, code: EFBIG) }
            try self.init(file)
        } catch {
            throw error.isTooLong
                ? .tooLong(path: path, bytes: Directory.fileSize(path) ?? 0)
                : .unreadable(path: path, reason: error.reason)
        }
    }

    private mutating func skipByteOrderMark() {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    }

    /// Forgets the bytes before a position, which then is 0, and reads on.
    /// - Throws: `FileError`.
    mutating func slide(past position: Int) throws(FileError) {
        bytes.removeFirst(position)
        guard let file, !isAtEnd else { return }
        let count = min(pieceSize, file.size - offset)
        bytes += try file.read(at: offset, count: count)
        offset += count
        isAtEnd = offset == file.size
    }
}
