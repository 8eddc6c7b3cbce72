internal import Files

/// The files of an ImageBind checkpoint, which was published as a single `.pth` without any configuration.
package struct ImageBindFiles: Sendable, Equatable {
    /// Safetensors or a PyTorch archive.
    package let weights: String
    /// `config.json` beside the weights; nil for the published `huge` dimensions.
    package let config: String?
    /// CLIP's merges, `bpe_simple_vocab_16e6.txt.gz` or the same unpacked.
    package let vocabulary: String

    private static let weightNames = [
        "imagebind_huge.safetensors", "imagebind_huge.pth", "model.safetensors", "model.safetensors.index.json",
        "pytorch_model.bin",
    ]
    private static let vocabularyNames = [
        "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "bpe/bpe_simple_vocab_16e6.txt.gz",
        "bpe/bpe_simple_vocab_16e6.txt",
    ]

    /// The files to name in a command that fetches them.
    package static let usualFiles = ["config.json", "model.safetensors", vocabularyNames[0]]

    /// Finds the files in a folder, or beside one checkpoint file.
    /// - Parameter vocabulary: a vocabulary that lies elsewhere.
    /// - Throws: ``ModelFolderError/missing(folder:anyOf:command:)``.
    package init(_ location: ModelLocation, vocabulary: String? = nil) throws(ModelFolderError) {
        let folder =
            if location.isFolder {
                location.path
            } else if let slash = location.path.lastIndex(of: "/") {
                slash == location.path.startIndex ? "/" : String(location.path[..<slash])
            } else {
                "."
            }
        func find(_ names: [String], _ remedy: String) throws(ModelFolderError) -> String {
            for name in names where PathKind("\(folder)/\(name)") == .file { return "\(folder)/\(name)" }
            throw .missing(
                folder: folder, anyOf: names,
                command: location.repository.map { $0.downloadCommand(files: []) } ?? remedy)
        }
        weights =
            location.isFolder
            ? try find(Self.weightNames, "curl -LO https://dl.fbaipublicfiles.com/imagebind/imagebind_huge.pth")
            : location.path
        config = PathKind("\(folder)/config.json") == .file ? "\(folder)/config.json" : nil
        if let vocabulary {
            guard PathKind(vocabulary) == .file else { throw .file(.missing(path: vocabulary)) }
            self.vocabulary = vocabulary
        } else {
            self.vocabulary = try find(
                Self.vocabularyNames,
                "curl -LO https://github.com/openai/CLIP/raw/main/clip/bpe_simple_vocab_16e6.txt.gz")
        }
    }
}
