internal import Files

/// Reads one sample out of a shard, piece by piece. Calls block.
struct SampleStream {
    /// Bytes that are read at a time.
    private static let pieceSize = 1 << 20

    private let file: InputFile
    private let end: Int
    private var offset: Int
    private var content: FrameContent
    private var scanner = SampleBlockScanner()
    private var input: ArraySlice<UInt8> = []

    /// The sample's key, once something was read.
    var key: String? { scanner.key }

    /// - Throws: ``ZstdError/library(_:)``.
    init(_ file: InputFile, _ entry: ShardReader.Entry, _ compression: Compression) throws(ZstdError) {
        self.file = file
        offset = entry.offset
        end = entry.offset + entry.length
        content = try FrameContent(compression, expecting: entry.blockLength)
    }

    /// What comes next; nil at the end of a sample that is whole.
    /// - Throws: ``ZstdError``, ``TarError``, ``FileError``.
    mutating func next() throws -> SampleBlockScanner.Event? {
        while true {
            if let event = try scanner.next(&input) { return event }
            if let piece = try content.next() {
                input = piece[...]
            } else if offset < end {
                let count = min(Self.pieceSize, end - offset)
                try content.feed(file.read(at: offset, count: count))
                offset += count
            } else {
                try content.finish()
                try scanner.end()
                return nil
            }
        }
    }
}
