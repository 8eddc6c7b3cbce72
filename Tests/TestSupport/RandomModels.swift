import Checkpoint
package import Foundation
import Torch

/// Small models with random weights in the published layouts; `Models/random` has their configurations and recipe.
package enum RandomModels {
    /// Where they lie, made when first asked for: below `.build`, under the hash of what they are made from.
    package static let folder: URL = {
        do {
            return try publish(below: Fixtures.checkout.appending(path: ".build/random-models"))
        } catch {
            fatalError("the random models cannot be made: \(error)")
        }
    }()

    /// Makes them in a folder, which may be there.
    package static func make(in folder: URL) throws {
        let recipe = try recipe()
        for (source, target) in try inputs(recipe) {
            try write(Data(contentsOf: source), to: folder.appending(path: target))
        }
        for file in recipe.files {
            let weights = try RandomWeights(seed: file.seed)
            let entries = try file.parts.flatMap { part in
                try weights.tensors(part).map { name, tensor in
                    let isFloating = tensor.dtype.isFloatingPoint
                    return try WeightEntry(name, isFloating ? tensor.to(DType(file.dtype)) : tensor)
                }
            }
            // As safetensors' own library sorts them: the widest type first, then by name.
            let sorted = entries.sorted { ($1.dtype.byteCount, $0.name) < ($0.dtype.byteCount, $1.name) }
            try write(SafetensorsWriter.data(sorted, metadata: ["format": "pt"]), to: folder.appending(path: file.path))
            if let archive = file.archive {
                try write(TorchArchiveWriter.data(entries), to: folder.appending(path: archive))
            }
        }
    }

    private static let recipeFile = Fixtures.checkout.appending(path: "Models/random/recipe.txt")

    private static func recipe() throws -> WeightRecipe {
        try WeightRecipe(String(contentsOf: recipeFile, encoding: .utf8))
    }

    /// The files that are copied, each with its path among the models.
    private static func inputs(_ recipe: WeightRecipe) throws -> [(source: URL, target: String)] {
        try recipe.copies.flatMap { source, target in
            let url = Fixtures.checkout.appending(path: source)
            if try isFile(url) { return [(url, target)] }
            return try FileManager.default.subpathsOfDirectory(atPath: url.path).sorted().compactMap { name in
                let file = url.appending(path: name)
                return try isFile(file) ? (file, "\(target)/\(name)") : nil
            }
        }
    }

    private static func isFile(_ url: URL) throws -> Bool {
        try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
    }

    /// Makes them unless they are there, and gives their folder, which is never there in part.
    static func publish(below parent: URL) throws -> URL {
        let folder = parent.appending(path: try fingerprint(), directoryHint: .isDirectory)
        if FileManager.default.fileExists(atPath: folder.path) { return folder }
        let partial = parent.appending(path: ".\(UUID().uuidString)", directoryHint: .isDirectory)
        defer { try? FileManager.default.removeItem(at: partial) }
        try make(in: partial)
        // Another process may have been faster; what it published is the same.
        if rename(partial.path, folder.path) != 0 {
            let code = POSIXErrorCode(rawValue: errno) ?? .EIO
            guard FileManager.default.fileExists(atPath: folder.path) else { throw POSIXError(code) }
        }
        return folder
    }

    /// A hash of all that they are made from, this target's sources among it.
    private static func fingerprint() throws -> String {
        let code = URL(filePath: #filePath).deletingLastPathComponent()
        let sources = try FileManager.default.contentsOfDirectory(atPath: code.path).filter { $0.hasSuffix(".swift") }
        let files = try sources.sorted().map { (code.appending(path: $0), $0) } + inputs(recipe())
        var bytes = try Array(Data(contentsOf: recipeFile))
        for (file, name) in files { bytes += Array(name.utf8) + (try Data(contentsOf: file)) }
        return FNV1a.hex(bytes)
    }

    private static func write(_ data: Data, to file: URL) throws {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }
}
