internal import Files

/// A shard's data file while it is written: frames in, either encoding out.
struct ShardFile: ~Copyable {
    /// Bytes that are read of a segment at a time.
    private static let pieceSize = 1 << 20

    private let compression: Compression
    private var file: AtomicFile
    private var tarHash = SHA256()
    private var tarBytes = 0
    private var table = SeekTable()
    /// The frames written so far, with their places in this file.
    private(set) var frames: [FrameRecord] = []

    /// - Throws: ``FileError``, ``InjectedFault``.
    init(folder: String, name: String, compression: Compression, faults: FaultHook) throws {
        self.compression = compression
        file = try AtomicFile(folder: folder, name: name, faults: faults)
    }

    /// Appends one sample's frame as it is, or its content, piece by piece.
    /// - Parameters:
    ///   - record: the frame's record in its segment.
    ///   - segment: the segment's file.
    ///   - hash: that of the segment, which goes on with the frame's bytes.
    /// - Throws: ``ZstdError`` if the frame does not hold what the record says; ``FileError``, ``InjectedFault``.
    mutating func append(_ record: FrameRecord, from segment: InputFile, _ hash: inout SHA256) throws {
        let (start, tarStart) = (file.count, tarBytes)
        var content = try FrameContent(.zstd, expecting: record.ulen)
        let end = record.off + record.clen
        for offset in stride(from: record.off, to: end, by: Self.pieceSize) {
            let bytes = try segment.read(at: offset, count: min(Self.pieceSize, end - offset))
            hash.update(bytes)
            if compression == .zstd { try file.write(bytes) }
            try content.feed(bytes)
            while let piece = try content.next() { try append(content: piece) }
        }
        guard try content.finish() == record.xxh64, let checksum = UInt32(record.xxh64, radix: 16) else {
            throw ZstdError.missing("checksum that its record has")
        }
        let moved = record.moved(off: start - record.off, uoff: tarStart - record.uoff)
        frames.append(compression == .zstd ? moved : moved.uncompressed)
        table.entries.append(
            SeekTable.Entry(
                compressedSize: UInt32(record.clen), decompressedSize: UInt32(record.ulen), checksum: checksum))
    }

    /// Ends the archive and gives the file its name.
    /// - Returns: the lengths in bytes and SHA-256 of the file and of the plain tar.
    /// - Throws: ``FileError``, ``InjectedFault``.
    consuming func publish() throws -> (file: (bytes: Int, sha256: String), tar: (bytes: Int, sha256: String)) {
        let closing = SampleBlock.endOfArchive
        let frame = try ZstdFrame.compress(closing)
        if compression == .zstd { try file.write(frame) }
        try append(content: closing)
        table.entries.append(
            SeekTable.Entry(
                compressedSize: UInt32(frame.count), decompressedSize: UInt32(closing.count),
                checksum: UInt32(ZstdFrame.checksum(of: frame), radix: 16) ?? 0))
        if compression == .zstd { try file.write(table.bytes) }
        let result = (file: (file.count, file.sha256), tar: (tarBytes, tarHash.hexadecimalDigest))
        // A file of this name without a record was never committed, so replacing it loses nothing.
        _ = try file.publish(.replaceExisting)
        return result
    }

    private mutating func append(content: [UInt8]) throws {
        if compression == .none { try file.write(content) }
        tarHash.update(content)
        tarBytes += content.count
    }
}
