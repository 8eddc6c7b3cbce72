package import Files

/// Why a checkpoint cannot be opened, or does not fit a model.
package enum WeightFileError: Error, Equatable, CustomStringConvertible {
    case file(MappedFileError)
    case safetensors(SafetensorsError)
    case torchArchive(TorchArchiveError)
    case gitPointer(path: String)
    case plainPickle(path: String)
    case unknownFormat(path: String, start: [UInt8])
    case foreignFormat(path: String, kind: String)
    case index(path: String, reason: String)
    case shardMissing(index: String, shard: String)
    case keyNotInShard(index: String, key: String, shard: String)
    case keyNotInIndex(index: String, key: String, shard: String)
    case missing(path: String, key: String, shape: [Int]?, hint: String?)
    case notFloatingPoint(path: String, key: String, found: ScalarType)
    case wholeUNet(path: String, key: String)
    case wrongShape(path: String, key: String, found: [Int], expected: [Int])
    case surplus(path: String, key: String, shape: [Int], count: Int)

    package var description: String {
        switch self {
        case .file(let error): error.description
        case .safetensors(let error): error.description
        case .torchArchive(let error): error.description
        case .gitPointer(let path):
            "\(path): this is the pointer that git keeps in place of a large file; run `git lfs pull` in its folder."
        case .plainPickle(let path):
            "\(path): this is a pickle that torch.save did not write, or a part of a file; where it is whole, convert it on a machine "
                + "where you trust it: python3 -c 'import pickle, sys, torch; s = pickle.load(open(sys.argv[1], \"rb\")); "
                + "torch.save({k: torch.as_tensor(v) for k, v in s.items()}, sys.argv[2])' OLD NEW."
        case .unknownFormat(let path, let start):
            "\(path): neither a safetensors file nor a PyTorch archive begins with the bytes "
                + start.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ") + "."
        case .foreignFormat(let path, let kind):
            "\(path): this is neither a safetensors file nor a PyTorch archive, but \(kind)."
        case .index(let path, let reason): "\(path): the index cannot be used: \(reason)."
        case .shardMissing(let index, let shard):
            "\(index): the index names the file \(shard), which is not beside it; fetch it too."
        case .keyNotInShard(let index, let key, let shard):
            "\(index): the index places \"\(key)\" in \(shard), which does not have it."
        case .keyNotInIndex(let index, let key, let shard):
            "\(index): \(shard) has \"\(key)\", which the index does not place there."
        case .missing(let path, let key, let shape, let hint):
            "\(path): the checkpoint has no \"\(key)\""
                + (shape.map { ", which the model needs with shape \($0)" } ?? "")
                + (hint.map { "; \($0)." } ?? ".")
        case .notFloatingPoint(let path, let key, let found):
            "\(path): \"\(key)\" is stored as \(found.rawValue.uppercased()), and the model computes in floating point: the checkpoint "
                + "is quantized or damaged; fetch the one in float16, bfloat16 or float32."
        case .wholeUNet(let path, let key):
            "\(path): this is a whole UNet with the motion modules in it, as AnimateDiff's training saves it (\"\(key)\" is "
                + "none of theirs); save the modules alone: python3 -c 'import sys, torch; "
                + "s = torch.load(sys.argv[1], \"cpu\", weights_only=True); s = s.get(\"state_dict\", s); "
                + "torch.save({k: v for k, v in s.items() if \"motion_modules.\" in k}, sys.argv[2])' OLD NEW."
        case .wrongShape(let path, let key, let found, let expected):
            "\(path): \"\(key)\" has shape \(found), but the model needs \(expected)."
        case .surplus(let path, let key, let shape, let count):
            "\(path): the checkpoint has "
                + (count == 1 ? "a key" : "\(count) keys, the first of which is a key")
                + " that the model does not have: \"\(key)\" of shape \(shape)."
        }
    }
}
