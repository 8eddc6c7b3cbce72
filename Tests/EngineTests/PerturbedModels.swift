import Checkpoint
import Foundation
import Goldens
import TestSupport

/// The random models with one network's weights changed a little.
enum PerturbedModels {
    /// Copies the models into a folder, and makes every weight of a network a thousandth larger.
    /// - Parameter network: its folder, such as `audioldm/unet`.
    /// - Returns: where they are.
    static func copy(to folder: TemporaryFolder, _ network: String) throws -> URL {
        let models = folder.url.appending(path: "models")
        try FileManager.default.copyItem(at: RandomModels.folder, to: models)
        let place = models.appending(path: network)
        for name in try FileManager.default.contentsOfDirectory(atPath: place.path) where name.hasSuffix(".safetensors")
        {
            let url = place.appending(path: name)
            let entries = try WeightEntry.all(of: url.path).map { entry in
                guard entry.dtype == .f32 else { return entry }
                var entry = entry
                entry.bytes.withUnsafeMutableBytes { bytes in
                    for index in 0..<bytes.count / 4 {
                        let value = bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
                        bytes.storeBytes(of: value * 1.001, toByteOffset: 4 * index, as: Float.self)
                    }
                }
                return entry
            }
            // The copy may be a link to a mapped file.
            try FileManager.default.removeItem(at: url)
            try SafetensorsWriter.write(entries, to: url)
        }
        return models
    }
}
