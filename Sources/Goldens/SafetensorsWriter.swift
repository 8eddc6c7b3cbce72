internal import Checkpoint
package import Foundation

/// Writes safetensors files, also such as no library would write.
package enum SafetensorsWriter {
    /// A file's bytes: the tensors in the order given, the header spaced as the format's own library spaces it.
    /// - Parameter misalignment: data begins this many bytes after a multiple of 8.
    package static func data(
        _ entries: [WeightEntry], metadata: [String: String] = [:], misalignment: Int = 0
    ) -> Data {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var data = Data()
        for entry in entries {
            let type = entry.dtype.rawValue.uppercased()
            let shape = entry.shape.map(String.init).joined(separator: ",")
            let end = data.count + entry.bytes.count
            members.append(
                "\"\(entry.name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(data.count),\(end)]}"
            )
            data.append(contentsOf: entry.bytes)
        }
        var header = Data("{\(members.joined(separator: ","))}".utf8)
        while header.count % 8 != misalignment { header.append(UInt8(ascii: " ")) }
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + data
    }

    /// Writes such a file.
    package static func write(_ entries: [WeightEntry], to url: URL, misalignment: Int = 0) throws {
        try data(entries, misalignment: misalignment).write(to: url)
    }
}
