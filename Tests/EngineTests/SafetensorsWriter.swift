import Checkpoint
import Foundation
import Torch

/// Writes safetensors files for tests, also such as no library would write.
enum SafetensorsWriter {
    struct Entry {
        var name: String
        var dtype: String
        var shape: [Int]
        var bytes: [UInt8]

        init(_ name: String, dtype: String, shape: [Int], bytes: [UInt8]) {
            (self.name, self.dtype, self.shape, self.bytes) = (name, dtype, shape, bytes)
        }

        init(_ name: String, _ tensor: Tensor) throws {
            let dtypes: [DType: String] = [
                .float64: "F64", .float32: "F32", .float16: "F16", .bfloat16: "BF16", .int64: "I64",
            ]
            self.init(name, dtype: dtypes[tensor.dtype] ?? "U8", shape: tensor.shape, bytes: try tensor.bytes())
        }

        init(_ record: TensorRecord) {
            self.init(
                record.name, dtype: record.dtype.rawValue.uppercased(), shape: record.shape,
                bytes: record.withBytes { Array($0) })
        }
    }

    /// - Parameter misalignment: data begins this many bytes after a multiple of 8.
    static func write(_ entries: [Entry], to url: URL, misalignment: Int = 0) throws {
        var header: [String: Any] = [:]
        var offset = 0
        var data = Data()
        for entry in entries {
            header[entry.name] = [
                "dtype": entry.dtype, "shape": entry.shape, "data_offsets": [offset, offset + entry.bytes.count],
            ]
            offset += entry.bytes.count
            data.append(contentsOf: entry.bytes)
        }
        var json = try JSONSerialization.data(withJSONObject: header)
        while json.count % 8 != misalignment { json.append(UInt8(ascii: " ")) }
        var file = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        file.append(json)
        file.append(data)
        try file.write(to: url)
    }
}

/// A folder that is gone when its owner is.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "seehear-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
