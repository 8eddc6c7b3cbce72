internal import Files

/// A shard's data file while it is written: frames in, either encoding out.
struct ShardFile: ~Copyable {
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

    /// Appends one sample's frame as it is, or its content.
    /// - Parameters:
    ///   - frame: the frame's bytes.
    ///   - record: the frame's record in its segment.
    /// - Throws: ``ZstdError`` if the frame does not hold what the record says; ``FileError``, ``InjectedFault``.
    mutating func append(_ frame: [UInt8], _ record: FrameRecord) throws {
        let block = try ZstdFrame.decompress(frame, expecting: record.ulen)
        guard ZstdFrame.checksum(of: frame) == record.xxh64 else {
            throw ZstdError.missing("checksum that its record has")
        }
        let moved = record.moved(off: file.count - record.off, uoff: tarBytes - record.uoff)
        frames.append(compression == .zstd ? moved : moved.uncompressed)
        try append(frame: frame, block: block)
    }

    /// Ends the archive and gives the file its name.
    /// - Returns: the lengths in bytes and SHA-256 of the file and of the plain tar.
    /// - Throws: ``FileError``, ``InjectedFault``.
    consuming func publish() throws -> (file: (bytes: Int, sha256: String), tar: (bytes: Int, sha256: String)) {
        let closing = SampleBlock.endOfArchive
        try append(frame: ZstdFrame.compress(closing), block: closing)
        if compression == .zstd { try file.write(table.bytes) }
        let result = (file: (file.count, file.sha256), tar: (tarBytes, tarHash.hexadecimalDigest))
        // A file of this name without a record was never committed, so replacing it loses nothing.
        _ = try file.publish(.replaceExisting)
        return result
    }

    private mutating func append(frame: [UInt8], block: [UInt8]) throws {
        try file.write(compression == .zstd ? frame : block)
        tarHash.update(block)
        tarBytes += block.count
        let checksum = frame.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        table.entries.append(
            SeekTable.Entry(
                compressedSize: UInt32(frame.count), decompressedSize: UInt32(block.count), checksum: checksum))
    }
}
