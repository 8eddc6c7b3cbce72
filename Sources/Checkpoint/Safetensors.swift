internal import Files
import JSON

/// Reads the header of a safetensors file: 8 bytes of length, a JSON object, then the data without holes.
///
/// Source: the format as huggingface/safetensors documents it.
enum Safetensors {
    /// No published checkpoint has a header near this; the official reader has the same limit.
    static let headerLimit = 100_000_000
    static let dimensionLimit = 16

    struct Header {
        /// Sorted by where they lie in the file; byte ranges are counted from the start of the file.
        var entries: [Entry]
        var metadata: [String: String]
    }

    struct Entry {
        var name: String
        var dtype: ScalarType
        var shape: [Int]
        var byteRange: Range<Int>
    }

    static func records(of file: MappedFile) throws(SafetensorsError) -> ([TensorRecord], [String: String]) {
        let header = try file.withBytes { bytes throws(SafetensorsError) in try parse(bytes, path: file.path) }
        let records = header.entries.map {
            TensorRecord(
                name: $0.name, dtype: $0.dtype, shape: $0.shape, strides: nil, byteRange: $0.byteRange, file: file)
        }
        return (records, header.metadata)
    }

    /// Checks every field of the header against the others and against the length of the file.
    static func parse(_ bytes: UnsafeRawBufferPointer, path: String) throws(SafetensorsError) -> Header {
        do throws(SafetensorsError.Kind) {
            return try parse(bytes)
        } catch {
            throw SafetensorsError(path: path, kind: error)
        }
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError.Kind) -> Header {
        var reader = ByteReader(bytes)
        guard let length = reader.integer(UInt64.self) else { throw .tooShort(found: bytes.count) }
        guard length <= UInt64(headerLimit) else { throw .headerTooLong(found: length, limit: headerLimit) }
        guard let text = reader.run(Int(length)) else {
            throw .headerPastEnd(header: Int(length), available: reader.remaining)
        }
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue(parsing: text, limit: headerLimit)
        } catch {
            if case .duplicateKey(let name) = error.kind { throw .duplicateName(name, byte: error.offset) }
            throw .headerNotJSON(error)
        }
        guard let members = document.members else { throw .headerNotObject }

        var header = Header(entries: [], metadata: [:])
        for member in members {
            if member.name == "__metadata__" {
                header.metadata = try metadata(member.value)
            } else {
                header.entries.append(
                    try entry(member.name, member.value, dataStart: reader.offset, dataCount: reader.remaining))
            }
        }
        header.entries.sort {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
        }
        try checkLayout(header.entries, dataStart: reader.offset, end: bytes.count)
        return header
    }

    private static func metadata(_ value: JSONValue) throws(SafetensorsError.Kind) -> [String: String] {
        guard let members = value.members else { throw .metadataNotObject }
        var metadata: [String: String] = [:]
        for member in members {
            guard let text = member.value.string else { throw .metadataNotString(name: member.name) }
            metadata[member.name] = text
        }
        return metadata
    }

    private static func entry(
        _ name: String, _ value: JSONValue, dataStart: Int, dataCount: Int
    ) throws(SafetensorsError.Kind) -> Entry {
        guard let fields = value.members else { throw .entryNotObject(key: name) }
        for field in fields where !["dtype", "shape", "data_offsets"].contains(field.name) {
            throw .unknownField(key: name, field: field.name)
        }
        guard let typeField = value["dtype"] else { throw .missingField(key: name, field: "dtype") }
        guard let typeName = typeField.string else { throw .dtypeNotString(key: name) }
        guard let dtype = ScalarType(safetensors: typeName) else { throw .unknownDType(key: name, found: typeName) }

        guard let shapeField = value["shape"] else { throw .missingField(key: name, field: "shape") }
        guard let sizes = shapeField.array else { throw .shapeNotIntegers(key: name) }
        guard sizes.count <= dimensionLimit else {
            throw .tooManyDimensions(key: name, found: sizes.count, limit: dimensionLimit)
        }
        var shape: [Int] = []
        for size in sizes {
            guard let size = size.integer else { throw .shapeNotIntegers(key: name) }
            guard size >= 0 else { throw .negativeDimension(key: name, found: size) }
            shape.append(size)
        }
        guard let needed = TensorRecord.byteCount(shape: shape, dtype: dtype) else {
            throw .sizeOverflow(key: name, shape: shape)
        }

        guard let offsetsField = value["data_offsets"] else { throw .missingField(key: name, field: "data_offsets") }
        guard let offsets = offsetsField.array, offsets.count == 2, let begin = offsets[0].integer,
            let end = offsets[1].integer, begin >= 0, end >= 0
        else { throw .offsetsMalformed(key: name) }
        guard begin <= end else { throw .offsetsReversed(key: name, begin: begin, end: end) }
        guard end <= dataCount else { throw .offsetsPastEnd(key: name, end: end, available: dataCount) }
        guard end - begin == needed else {
            throw .lengthMismatch(key: name, found: end - begin, expected: needed, shape: shape, dtype: dtype)
        }
        return Entry(name: name, dtype: dtype, shape: shape, byteRange: dataStart + begin..<dataStart + end)
    }

    /// The tensors must tile the data exactly.
    private static func checkLayout(_ entries: [Entry], dataStart: Int, end: Int) throws(SafetensorsError.Kind) {
        var cursor = dataStart
        var previous = ""
        for entry in entries {
            let begin = entry.byteRange.lowerBound
            guard begin >= cursor else {
                throw .overlap(key: entry.name, with: previous, begin: begin - dataStart, expected: cursor - dataStart)
            }
            guard begin == cursor else {
                throw .hole(key: entry.name, begin: begin - dataStart, expected: cursor - dataStart)
            }
            cursor = entry.byteRange.upperBound
            previous = entry.name
        }
        guard cursor == end else { throw .trailingBytes(found: end - cursor) }
    }
}
