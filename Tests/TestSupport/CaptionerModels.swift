import Foundation
import Goldens
import Torch

/// The small captioners of the goldens, whose weights are drawn here as they are in `Tools/goldens/captioners.py`.
package struct CaptionerModels: Decodable {
    package let florence2: Florence
    package let whisper: WhisperModel

    package struct Florence: Decodable {
        let weights: [DrawnWeight]
        let original: [Renamed]
        package let pictures: [[Int]]
    }

    package struct WhisperModel: Decodable {
        let weights: [DrawnWeight]
        package let sounds: [[Int]]
    }

    /// A key of the layout that was published first, and the tensor that it holds.
    struct Renamed: Decodable {
        let key: String
        let name: String?
        let rows: Int?
        let isTransposed: Bool

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            key = try fields.decode(String.self)
            name = try fields.decode(String?.self)
            rows = try fields.decode(Int?.self)
            isTransposed = try fields.decode(Bool.self)
        }
    }

    package static func read() throws -> CaptionerModels {
        try GoldenFile.json(CaptionerModels.self, at: Fixtures.url("captioners/models.json"))
    }

    // MARK: - Folders

    /// A folder of the fixture, with its weights.
    package static func florence(in folder: TemporaryFolder) throws -> String {
        let weights = try read().florence2.weights.map { try $0.entry }
        let path = try copy("florence2", to: folder)
        try SafetensorsWriter.write(weights, to: URL(filePath: "\(path)/model.safetensors"))
        return path
    }

    /// The same weights under the keys that were published first.
    package static func originalFlorence(in folder: TemporaryFolder) throws -> String {
        let model = try read().florence2
        let drawn = try Dictionary(uniqueKeysWithValues: model.weights.map { ($0.name, try $0.tensor) })
        let entries = try model.original.map { each in
            guard let name = each.name, var tensor = drawn[name] else {
                return try WeightEntry(each.key, Tensor.zeros([1, each.rows ?? 1]))
            }
            if let rows = each.rows { tensor = try tensor.narrow(0, from: 0, count: rows) }
            if each.isTransposed { tensor = try tensor.transpose(0, 1) }
            return try WeightEntry(each.key, tensor.contiguous())
        }
        let path = try copy("florence2-original", to: folder)
        try TorchArchiveWriter.data(entries).write(to: URL(filePath: "\(path)/pytorch_model.bin"))
        return path
    }

    package static func whisper(in folder: TemporaryFolder) throws -> String {
        let weights = try read().whisper.weights.map { try $0.entry }
        let path = try copy("whisper", to: folder)
        try TorchArchiveWriter.data(weights).write(to: URL(filePath: "\(path)/pytorch_model.bin"))
        return path
    }

    private static func copy(_ name: String, to folder: TemporaryFolder) throws -> String {
        let path = "\(folder.path)/\(name)"
        try FileManager.default.copyItem(atPath: Fixtures.url("captioners/\(name)").path, toPath: path)
        return path
    }
}
