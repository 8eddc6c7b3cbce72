internal import Files
package import Method

extension CaptionedMedium {
    /// What captions it, as its `config.json` calls itself.
    package var modelType: String {
        switch self {
        case .image: "florence2"
        case .audio: "whisper"
        }
    }

    /// Finds the captioner and looks at everything that loading it needs.
    ///
    /// - Parameter reference: a path, or a repo id of the cache.
    /// - Throws: errors of the first file that cannot be found or read.
    package func check(_ reference: String, cache: HuggingFaceCache) throws -> ModelFamilyCheck {
        struct Kind: Decodable { let model_type: String }
        var check = try ModelFamilyCheck([.captioner], in: reference, cache)
        guard check.problems.isEmpty else { return check }
        // Read where it is there, and part of what decides the captions.
        for name in Self.optionalNames {
            let path = "\(check.location.path)/\(name)"
            if PathKind(path) == .file, !check.files.contains(path) { check.files.append(path) }
        }
        let config = "\(check.location.path)/config.json"
        let found = try ModelFolder.config(Kind.self, at: config).model_type
        if found != modelType {
            check.problems.append(
                "\(config): field model_type is \"\(found)\", and \"\(modelType)\" is needed: name \(self.reference).")
        }
        return check
    }

    private static let optionalNames = [
        "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    ]
}
