import Foundation
import Testing

/// A safetensors file taken apart, changed and put together again: a file that is sound in itself and does not fit.
struct SafetensorsEdit {
    private struct Entry {
        var name: String
        let dtype: String
        var shape: [Int]
        let data: Data
    }

    private var entries: [Entry]

    init(_ bytes: Data) throws {
        let length = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let header = try #require(
            try JSONSerialization.jsonObject(with: bytes.dropFirst(8).prefix(length)) as? [String: Any])
        let data = Data(bytes.dropFirst(8 + length))
        entries = try header.filter { $0.key != "__metadata__" }.map { name, value in
            let fields = try #require(value as? [String: Any])
            let offsets = try #require(fields["data_offsets"] as? [Int])
            return Entry(
                name: name, dtype: try #require(fields["dtype"] as? String),
                shape: try #require(fields["shape"] as? [Int]), data: Data(data[offsets[0]..<offsets[1]]))
        }.sorted { $0.name < $1.name }
    }

    func removing(_ name: String) throws -> Self { try changing(name) { entries, index in entries.remove(at: index) } }

    /// With a copy of a tensor under another name.
    func copying(_ name: String, as other: String) throws -> Self {
        try changing(name) { entries, index in
            var copy = entries[index]
            copy.name = other
            entries.append(copy)
        }
    }

    func reshaping(_ name: String, _ shape: [Int]) throws -> Self {
        try changing(name) { entries, index in entries[index].shape = shape }
    }

    private func changing(_ name: String, _ change: (inout [Entry], Int) -> Void) throws -> Self {
        let index = try #require(entries.firstIndex { $0.name == name })
        var copy = self
        change(&copy.entries, index)
        return copy
    }

    /// The file's bytes, tensors in the order of their names.
    func bytes() throws -> Data {
        var header: [String: Any] = [:]
        var data = Data()
        for entry in entries {
            header[entry.name] = [
                "dtype": entry.dtype, "shape": entry.shape,
                "data_offsets": [data.count, data.count + entry.data.count],
            ]
            data += entry.data
        }
        let text = try JSONSerialization.data(withJSONObject: header)
        return Data((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }) + text + data
    }
}
