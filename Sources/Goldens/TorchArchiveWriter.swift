internal import Checkpoint
package import Foundation

/// Writes tensors as `torch.save` writes a state dict: a zip file of stored entries with a pickle of protocol 2.
package enum TorchArchiveWriter {
    /// A file's bytes.
    /// - Parameter key: nil: the state dict alone; else under this key, beside a number of steps and an empty list, as training
    ///   programs leave it.
    package static func data(_ tensors: [WeightEntry], under key: String? = nil) -> Data {
        let storages = tensors.enumerated().map { (name: "archive/data/\($0.offset)", bytes: $0.element.bytes) }
        return Data(zip([(name: "archive/data.pkl", bytes: pickle(tensors, under: key))] + storages))
    }

    // MARK: Pickle

    private static func pickle(_ tensors: [WeightEntry], under key: String?) -> [UInt8] {
        let kinds: [ScalarType: String] = [
            .f32: "Float", .f16: "Half", .bf16: "BFloat16", .i64: "Long", .f64: "Double",
        ]
        var out: [UInt8] = [0x80, 2] + Array("}(".utf8)  // PROTO 2, EMPTY_DICT, MARK
        if let key {
            out += text("iteration") + number(7) + text("sampler") + Array("]".utf8)
            out += text(key) + Array("}(".utf8)
        }
        for (index, tensor) in tensors.enumerated() {
            out += text(tensor.name) + global("torch._utils", "_rebuild_tensor_v2")
            // The storage by its persistent number.
            out += Array("((".utf8) + text("storage") + global("torch", "\(kinds[tensor.dtype] ?? "Byte")Storage")
            out += text("\(index)") + text("cpu") + number(tensor.shape.reduce(1, *)) + Array("tQ".utf8)
            let strides = tensor.shape.indices.map { tensor.shape[($0 + 1)...].reduce(1, *) }
            out += number(0) + tuple(tensor.shape) + tuple(strides) + [0x89]  // NEWFALSE
            out += global("collections", "OrderedDict") + Array(")RtR".utf8)
        }
        return out + Array((key == nil ? "u." : "uu.").utf8)
    }

    private static func text(_ text: String) -> [UInt8] { [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8) }
    private static func number(_ value: Int) -> [UInt8] { [0x4A] + little(UInt32(value)) }
    private static func tuple(_ values: [Int]) -> [UInt8] { Array("(".utf8) + values.flatMap(number) + Array("t".utf8) }
    private static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

    // MARK: Zip

    private static func zip(_ entries: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var out: [UInt8] = []
        var directory: [UInt8] = []
        for (name, bytes) in entries {
            let offset = UInt32(out.count)
            let size = little(UInt32(bytes.count))
            let sum = bytes.withUnsafeBytes { CRC32.of($0) }
            let common: [UInt8] =
                [0, 0, 0, 0, 0, 0, 0, 0] + little(sum) + size + size + little(UInt16(name.utf8.count))
            out += [0x50, 0x4B, 3, 4, 20, 0] + common + [0, 0] + Array(name.utf8) + bytes
            directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + common + [UInt8](repeating: 0, count: 12) + little(offset)
            directory += Array(name.utf8)
        }
        let count = little(UInt16(entries.count))
        let end =
            [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count + little(UInt32(directory.count)) + little(UInt32(out.count))
        return out + directory + end + [0, 0]
    }

    private static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
