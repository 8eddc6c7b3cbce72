/// A value on the stack of ``PickleMachine``. Containers are numbers of slots in the machine's arenas: a pickle may
/// make cycles and nest without end, and so nothing here can recurse or leak.
enum PickleValue {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case bytes
    case list(Int)
    case set(Int)
    case tuple(Int)
    case dict(Int)
    case storage(Int)
    case tensor(Int)
    case global(PickleGlobal)
    /// An array or number of NumPy, or a part of one: passed over.
    case opaque

    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .int: "an int"
        case .float: "a float"
        case .string: "a string"
        case .bytes: "bytes"
        case .list: "a list"
        case .set: "a set"
        case .tuple: "a tuple"
        case .dict: "a dict"
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .global: "a class or function"
        case .opaque: "a value of NumPy"
        }
    }
}

/// The classes and functions that a checkpoint may name; every other name is refused.
enum PickleGlobal: Equatable {
    case orderedDict
    case set
    case rebuildTensor
    case rebuildParameter
    case storage(ScalarType)
    /// What an array of NumPy is made of. None is made: training programs leave some beside the weights, as the state of a sampler.
    case opaque

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("builtins", "set"), ("__builtin__", "set"): self = .set
        case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("numpy.core.multiarray", "_reconstruct"), ("numpy.core.multiarray", "scalar"),
            ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"), ("numpy", "ndarray"),
            ("numpy", "dtype"), ("_codecs", "encode"):
            self = .opaque
        case ("torch", _), ("torch.storage", _):
            guard let type = ScalarType(torchStorage: name) else { return nil }
            self = .storage(type)
        default: return nil
        }
    }
}

/// A storage as the pickle names it: an entry `data/KEY` of the archive.
struct PickleStorage {
    var key: String
    var dtype: ScalarType
    var elementCount: Int
}

/// A tensor over a storage; offset and strides count elements.
struct PickleTensor {
    var storage: Int
    var offset: Int
    var shape: [Int]
    var strides: [Int]
}

/// Where and why a pickle is refused.
package struct PickleError: Error, Equatable, CustomStringConvertible {
    /// Byte offset of the opcode in `data.pkl`.
    package let offset: Int
    package let kind: Kind

    /// What is wrong.
    package enum Kind: Error, Equatable {
        case noStop
        case truncated(opcode: String)
        case unknownOpcode(UInt8)
        case forbiddenOpcode(String)
        case forbiddenGlobal(String)
        case protocolVersion(Int)
        case stackUnderflow(opcode: String)
        case noMark(opcode: String)
        case memoMissing(index: Int)
        case limit(of: String, limit: Int)
        case integerTooWide(bytes: Int)
        case notUTF8
        case wrongType(opcode: String, expected: String, found: String)
        case badCall(function: String, reason: String)
    }

    /// What a file is whose pickle has a name that begins like this, and what to do.
    private static func explanation(of name: String) -> String {
        let alone =
            "save the state dict alone, on a machine where you trust the file: python3 -c 'import sys, torch; "
            + "s = torch.load(sys.argv[1], \"cpu\", weights_only=False); "
        let known: [(beginnings: [String], text: String)] = [
            (["__torch__."], "this is the pickle of a TorchScript archive; save its state_dict() with torch.save"),
            (
                ["torch._utils._rebuild_tensor_v3", "torch.float8", "torch.uint"],
                "tensors of 8-bit floating point and other new types are not read; fetch the checkpoint in float16, bfloat16 or float32"
            ),
            (
                ["torch._utils._rebuild_qtensor", "torch.ao.", "torch.quantization", "torch.per_"],
                "this checkpoint is quantized; fetch the one with floating-point weights"
            ),
            (["torch._utils._rebuild_sparse_tensor"], "sparse tensors are not read; save them with to_dense()"),
            (
                ["torch.distributed"],
                "this is a part of a model that was spread over processes; save the full state dict"
            ),
            (
                ["torch.nn.modules", "__main__.", "diffusers.", "transformers."],
                "a whole model was saved, and only its weights are read; \(alone)torch.save(s.state_dict(), sys.argv[2])' OLD NEW"
            ),
        ]
        return known.first { $0.beginnings.contains(where: name.hasPrefix) }?.text
            ?? "the file holds more than tensors; \(alone)torch.save(s.get(\"state_dict\", s), sys.argv[2])' OLD NEW"
    }

    package var description: String {
        let what =
            switch kind {
            case .noStop: "ends without STOP"
            case .truncated(let opcode): "ends inside the opcode \(opcode)"
            case .unknownOpcode(let byte): "has the byte 0x\(String(byte, radix: 16)), which is not an opcode"
            case .forbiddenOpcode(let name): "uses the opcode \(name), which no state dict needs; it is refused"
            case .forbiddenGlobal(let name):
                "names \(name), which is not among what a checkpoint of tensors needs; it is refused, and nothing of it was run"
                    + "; " + Self.explanation(of: name)
            case .protocolVersion(let version): "is written in protocol \(version), and 2 to 5 can be read"
            case .stackUnderflow(let opcode): "takes more from the stack than there is (\(opcode))"
            case .noMark(let opcode): "has no MARK for \(opcode)"
            case .memoMissing(let index): "asks for memo \(index), which was never set"
            case .limit(let what, let limit): "has more than \(limit) \(what)"
            case .integerTooWide(let bytes): "has an integer of \(bytes) bytes, and at most 8 are read"
            case .notUTF8: "has a string that is not valid UTF-8"
            case .wrongType(let opcode, let expected, let found):
                "gives \(opcode) \(found) where \(expected) is needed"
            case .badCall(let function, let reason): "calls \(function) with arguments that it does not take: \(reason)"
            }
        return "the pickle \(what) (byte \(offset) of data.pkl)"
    }
}
