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
        if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return try torchArchive(file) }
        if path.hasSuffix(".safetensors") || (start.count > 8 && start[8] == UInt8(ascii: "{")) {
            return try safetensors(file)
        }
        // A pickle begins with PROTO and a version; the old torch.save wrote several pickles one after another.
        if start.count > 2, start[0] == 0x80, (2...5).contains(start[1]) { throw .legacyPickle(path: path) }
        throw .unknownFormat(path: path, start: Array(start.prefix(8)))
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
    /// - Throws: ``WeightFileError/missing(path:key:shape:)``.
    package func record(_ name: String) throws(WeightFileError) -> TensorRecord {
        guard let record = self[name] else { throw .missing(path: path, key: name, shape: nil) }
        return record
    }

    /// The record of a key that must be there with exactly this shape.
    /// - Throws: ``WeightFileError/missing(path:key:shape:)`` or ``WeightFileError/wrongShape(path:key:found:expected:)``.
    package func record(_ name: String, shape: [Int]) throws(WeightFileError) -> TensorRecord {
        guard let record = self[name] else { throw .missing(path: path, key: name, shape: shape) }
        guard record.shape == shape else {
            throw .wrongShape(path: path, key: name, found: record.shape, expected: shape)
        }
        return record
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
