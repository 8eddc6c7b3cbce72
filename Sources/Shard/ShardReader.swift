internal import Files
import JSON
/// Reads samples out of one shard, `.tar.zst` or `.tar`, each through a single read of its own bytes.
///
/// With a commit record the places of all samples are known at once. Without one they come from the seek table and the
/// first header of each frame, or from walking through the headers of a plain tar. Calls block; several threads may read.
package final class ShardReader: Sendable {
    /// One sample's place.
    package struct Entry: Sendable, Equatable {
        /// The sample's key.
        package let key: String
        /// The offset of its bytes in the file.
        package let offset: Int
        /// The number of its bytes in the file.
        package let length: Int
        /// The number of its bytes when decompressed.
        package let blockLength: Int
    }

    /// The samples in file order.
    package let entries: [Entry]
    /// How the shard is stored.
    package let compression: Compression
    private let file: InputFile
    private let places: [String: Int]

    /// Opens a shard.
    /// - Parameters:
    ///   - path: the shard's file; its extension tells its form.
    ///   - record: its commit record, if at hand; the file must then be as long as the record says.
    /// - Throws: ``ShardReadError``; ``FileError``.
    package init(path: String, record: CommitRecord? = nil) throws {
        let file = try InputFile(path, followingLinks: false)
        compression = path.hasSuffix(".tar") ? .none : .zstd
        if let record {
            guard file.size == record.bytes else {
                throw ShardReadError(path: path, problem: "it has \(file.size) bytes, its record says \(record.bytes)")
            }
            entries = record.frames.map { Entry(key: $0.key, offset: $0.off, length: $0.clen, blockLength: $0.ulen) }
        } else {
            do {
                entries = try compression == .zstd ? Self.entriesOfFrames(file) : Self.entriesOfTar(file)
            } catch let error as any Error & CustomStringConvertible where !(error is FileError) {
                throw ShardReadError(path: path, problem: error.description)
            }
        }
        self.file = file
        places = Dictionary(entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
        guard places.count == entries.count else {
            throw ShardReadError(path: path, problem: "a key appears in it twice")
        }
    }

    /// The sample of a key, or nil if the shard does not hold it.
    /// - Throws: ``ShardReadError`` if its bytes are damaged; ``FileError``.
    package func sample(_ key: String) throws -> Sample? {
        guard let place = places[key] else { return nil }
        return try sample(at: place)
    }

    /// The sample at a position of ``entries``.
    /// - Throws: ``ShardReadError`` if its bytes are damaged; ``FileError``.
    package func sample(at position: Int) throws -> Sample {
        var members: [String: [UInt8]] = [:]
        var name = ""
        try forEachEvent(at: position) { event in
            switch event {
            case .member(let member, _):
                name = member
                members[name] = []
            case .data(let bytes): members[name]? += bytes
            case .memberEnd: break
            }
        }
        return Sample(key: entries[position].key, members: members)
    }

    /// Hands what the sample at a position consists of to `body`, piece by piece.
    /// - Throws: what `body` throws, and as ``sample(at:)`` does.
    func forEachEvent(at position: Int, _ body: (SampleBlockScanner.Event) throws -> Void) throws {
        let entry = entries[position]
        func damaged<Result>(_ read: () throws -> Result) throws -> Result {
            do {
                return try read()
            } catch let error as any Error & CustomStringConvertible where !(error is FileError) {
                throw ShardReadError(path: file.path, problem: "sample \(quoted(entry.key)): \(error.description)")
            }
        }
        var stream = try SampleStream(file, entry, compression)
        while let event = try damaged({ try stream.next() }) {
            guard stream.key == entry.key else {
                throw ShardReadError(
                    path: file.path, problem: "sample \(quoted(entry.key)) is not where its index says")
            }
            try body(event)
        }
    }

    /// Hands every sample to `body` in file order; one is in memory at a time.
    /// - Throws: what `body` throws, and as ``sample(at:)`` does.
    package func forEach(_ body: (Sample) throws -> Void) throws {
        for position in entries.indices { try body(sample(at: position)) }
    }

    // MARK: Without a record

    /// The seek table of a `.tar.zst`.
    /// - Throws: ``SeekTableError``, ``FileError``.
    static func seekTable(of file: InputFile) throws -> SeekTable {
        let length = try seekTableLength(of: file)
        return try SeekTable(parsing: file.read(at: file.size - length, count: length), fileSize: file.size)
    }

    /// How long the seek table of a `.tar.zst` says that it is.
    /// - Throws: ``SeekTableError``, ``FileError``.
    static func seekTableLength(of file: InputFile) throws -> Int {
        let footer = min(9, file.size)
        return try SeekTable.length(
            footer: file.read(at: file.size - footer, count: footer), fileSize: file.size)
    }

    private static func entriesOfFrames(_ file: InputFile) throws -> [Entry] {
        // What the first block of a frame can take at most: 128 KiB stored as they are, and the headers.
        let firstBlock = (128 << 10) + 32
        var entries: [Entry] = []
        var offset = 0
        for frame in try seekTable(of: file).entries.dropLast() {
            let length = Int(frame.compressedSize)
            let start = try file.read(at: offset, count: min(length, firstBlock))
            let header = try TarHeader(parsing: ZstdFrame.prefix(of: start, count: TarHeader.blockSize)[...], at: 0)
            entries.append(
                Entry(
                    key: try SampleBlock.split(header.name).key, offset: offset, length: length,
                    blockLength: Int(frame.decompressedSize)))
            offset += length
        }
        return entries
    }

    private static func entriesOfTar(_ file: InputFile) throws -> [Entry] {
        let end = file.size - SampleBlock.endOfArchive.count
        guard end >= 0, try file.read(at: end, count: SampleBlock.endOfArchive.count) == SampleBlock.endOfArchive else {
            throw TarError.truncated(at: max(0, end), bytes: file.size - max(0, end))
        }
        var entries: [Entry] = []
        var offset = 0
        var open: (key: String, start: Int)?
        func close() {
            guard let sample = open else { return }
            let length = offset - sample.start
            entries.append(Entry(key: sample.key, offset: sample.start, length: length, blockLength: length))
        }
        while offset < end {
            let block = try file.read(at: offset, count: TarHeader.blockSize)
            let header = try TarHeader(parsing: block[...], at: offset)
            let key = try SampleBlock.split(header.name).key
            guard header.paddedSize <= end - offset - TarHeader.blockSize else {
                throw TarError.truncated(at: offset, bytes: end - offset)
            }
            if open?.key != key {
                close()
                open = (key, offset)
            }
            offset += TarHeader.blockSize + header.paddedSize
        }
        close()
        return entries
    }
}

/// A shard file that cannot be read.
package struct ShardReadError: Error, Equatable, CustomStringConvertible {
    /// The file.
    package let path: String
    /// What is wrong with it.
    package let problem: String

    /// One sentence.
    package var description: String { "\(path) is damaged: \(problem)" }
}
