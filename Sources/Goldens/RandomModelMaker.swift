internal import Checkpoint
package import Foundation
internal import Torch

/// Makes small models with random weights in the published layouts: those that the goldens were made with. `Models/random` has
/// their configurations and recipe.
package struct RandomModelMaker: Sendable {
    private let data: GoldenData

    package init(_ data: GoldenData) { self.data = data }

    /// Makes them in a folder, which may be there.
    /// - Throws: errors of files; ``WeightRecipe/Misfit``; `TorchError`.
    package func make(in folder: URL) throws {
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

    /// All files that they are made from, each with the path it has among the models or in this project.
    /// - Throws: errors of files; ``WeightRecipe/Misfit``.
    package func sources() throws -> [(file: URL, name: String)] {
        [(data.recipe, "recipe.txt")] + (try inputs(recipe()).map { ($0.source, $0.target) })
    }

    private func recipe() throws -> WeightRecipe {
        try WeightRecipe(String(contentsOf: data.recipe, encoding: .utf8))
    }

    /// The files that are copied, each with its path among the models.
    private func inputs(_ recipe: WeightRecipe) throws -> [(source: URL, target: String)] {
        try recipe.copies.flatMap { source, target in
            // What is listed below a link would be nothing.
            let url = data.root.appending(path: source).resolvingSymlinksInPath()
            if try isFile(url) { return [(url, target)] }
            return try FileManager.default.subpathsOfDirectory(atPath: url.path).sorted().compactMap { name in
                let file = url.appending(path: name)
                return try isFile(file) ? (file, "\(target)/\(name)") : nil
            }
        }
    }

    private func isFile(_ url: URL) throws -> Bool {
        try url.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
    }

    private func write(_ data: Data, to file: URL) throws {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }
}
