internal import Files

/// The tensors of one checkpoint, in whichever format it is stored. Opening reads headers only; the data stays in the
/// mapped files until somebody touches it.
package struct WeightFile: Sendable {
    /// How a checkpoint is stored.
    package enum Format: String, Sendable {
        case safetensors
        /// An index that names several files.
        case sharded
        case torchArchive
    }

    /// The file that was opened; for a sharded checkpoint the index.
    package let path: String
    package let format: Format
    /// One record for each tensor, in the order of the file.
    package let records: [TensorRecord]
    /// The strings under `__metadata__` of a safetensors file.
    package let metadata: [String: String]
    private let byName: [String: Int]

    /// The files that it is read from, an index included.
    package var parts: [String] { Set(records.map(\.file.path)).union([path]).sorted() }

    /// Opens a checkpoint. The content decides about the format, except that an index is known by its name.
    /// - Throws: ``WeightFileError``; no malformed file is accepted in part.
    package static func open(_ path: String) throws(WeightFileError) -> WeightFile {
        guard path.hasSuffix(".json"), path.split(separator: "/").last?.contains(".index.") == true else {
            return try open(single: path)
        }
        let records = try ShardedWeights.records(of: try map(path))
        return WeightFile(path: path, format: .sharded, records: records, metadata: [:])
    }

    static func open(single path: String) throws(WeightFileError) -> WeightFile {
        let file = try map(path)
        let start = file.withBytes { Array($0.prefix(32)) }
        if start.starts(with: "version https://git-lfs".utf8) { throw .gitPointer(path: path) }
        if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) || start.starts(with: LegacyTorchFile.start) {
            return try torchArchive(file)
        }
        if path.hasSuffix(".safetensors") || (start.count > 8 && start[8] == UInt8(ascii: "{")) {
            return try safetensors(file)
        }
        // A pickle begins with PROTO and a version.
        if start.count > 2, start[0] == 0x80, (2...5).contains(start[1]) { throw .plainPickle(path: path) }
        if let kind = foreignKind(start) { throw .foreignFormat(path: path, kind: kind) }
        throw .unknownFormat(path: path, start: Array(start.prefix(8)))
    }

    /// What a file is that is often taken for a checkpoint.
    private static func foreignKind(_ start: [UInt8]) -> String? {
        let text = String(decoding: start, as: UTF8.self).trimmingPrefix(while: \.isWhitespace).lowercased()
        switch true {
        case start.starts(with: "GGUF".utf8):
            return "a GGUF file, whose weights are quantized; fetch the safetensors files"
        case start.starts(with: [0x89, 0x48, 0x44, 0x46]):
            return "an HDF5 file of Keras; fetch PyTorch's or the safetensors files"
        case start.starts(with: [0x1F, 0x8B]): return "compressed by gzip; unpack it first"
        case start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]): return "compressed by zstd; unpack it first"
        case text.hasPrefix("<!doctype") || text.hasPrefix("<html") || text.hasPrefix("<?xml"):
            return
                "a web page: the server answered the download with a message, so look into the file and fetch it again"
        case text.hasPrefix("{") || text.hasPrefix("entry not found") || text.hasPrefix("not found")
            || text.hasPrefix("invalid username"):
            return
                "text: the server may have answered the download with a message, so look into the file and fetch it again"
        default: return nil
        }
    }

    private static func torchArchive(_ file: MappedFile) throws(WeightFileError) -> WeightFile {
        let records: [TensorRecord]
        do throws(TorchArchiveError) {
            records = try TorchArchive.records(of: file)
        } catch {
            throw .torchArchive(error)
        }
        return WeightFile(path: file.path, format: .torchArchive, records: records, metadata: [:])
    }

    private static func safetensors(_ file: MappedFile) throws(WeightFileError) -> WeightFile {
        let content: ([TensorRecord], [String: String])
        do throws(SafetensorsError) {
            content = try Safetensors.records(of: file)
        } catch {
            throw .safetensors(error)
        }
        return WeightFile(path: file.path, format: .safetensors, records: content.0, metadata: content.1)
    }

    /// Every reader has checked that the names differ.
    private init(path: String, format: Format, records: [TensorRecord], metadata: [String: String]) {
        self.path = path
        self.format = format
        self.records = records
        self.metadata = metadata
        byName = Dictionary(zip(records.map(\.name), records.indices), uniquingKeysWith: { first, _ in first })
    }

    /// The keys, in the order of the file.
    package var names: [String] { records.map(\.name) }

    /// Elements of all tensors together.
    package var elementCount: Int { records.reduce(0) { $0 + $1.elementCount } }

    /// The record of a key; nil where the checkpoint has no such key.
    package subscript(name: String) -> TensorRecord? { byName[name].map { records[$0] } }

    /// The record of a key that must be there.
    /// - Throws: ``WeightFileError/missing(path:key:shape:hint:)``.
    package func record(_ name: String) throws(WeightFileError) -> TensorRecord {
        guard let record = self[name] else { throw .missing(path: path, key: name, shape: nil, hint: nil) }
        return record
    }

    /// The record of a key that must be there with exactly this shape; a single number may be stored with a dimension or
    /// without.
    /// - Throws: ``WeightFileError/missing(path:key:shape:hint:)`` or
    ///   ``WeightFileError/wrongShape(path:key:found:expected:)``.
    package func record(_ name: String, shape: [Int]) throws(WeightFileError) -> TensorRecord {
        guard let record = self[name] else {
            throw .missing(path: path, key: name, shape: shape, hint: ForeignLayout(names)?.sentence)
        }
        let isOneNumber = record.shape.allSatisfy { $0 == 1 } && shape.allSatisfy { $0 == 1 }
        guard record.shape == shape || (isOneNumber && record.shape.count + shape.count == 1) else {
            throw .wrongShape(path: path, key: name, found: record.shape, expected: shape)
        }
        return record
    }

    /// The record of a weight, which is in floating point in all networks.
    /// - Throws: as ``record(_:shape:)`` does, and ``WeightFileError/notFloatingPoint(path:key:found:)``.
    package func weight(_ name: String, shape: [Int]) throws(WeightFileError) -> TensorRecord {
        // First, because the shape of a quantized weight is another too.
        if let found = self[name]?.dtype, !found.isFloatingPoint {
            throw .notFloatingPoint(path: path, key: name, found: found)
        }
        return try record(name, shape: shape)
    }

    /// Checks that the model used every key, apart from those that `ignored` accepts.
    /// - Throws: ``WeightFileError/surplus(path:key:shape:count:)`` that names the first key nobody asked for.
    package func requireUsed(_ used: Set<String>, ignoring ignored: (String) -> Bool) throws(WeightFileError) {
        var surplus: [TensorRecord] = []
        for record in records where !used.contains(record.name) && !ignored(record.name) { surplus.append(record) }
        guard let first = surplus.first else { return }
        throw .surplus(path: path, key: first.name, shape: first.shape, count: surplus.count)
    }

    /// Gives the pages of all files back to the system; see ``MappedFile/releasePages()``. For after weights were
    /// converted or copied to a device, and for networks that rest.
    package func releasePages() {
        var released: Set<ObjectIdentifier> = []
        for record in records where released.insert(ObjectIdentifier(record.file)).inserted {
            record.file.releasePages()
        }
    }

    private static func map(_ path: String) throws(WeightFileError) -> MappedFile {
        do throws(MappedFileError) {
            return try MappedFile(path: path)
        } catch {
            throw .file(error)
        }
    }
}
