package import Method

/// The models that a job loads, each an absolute path or a repo id of the Hugging Face cache.
package struct ModelReferences: Sendable, Equatable {
    private var references: [ModelFamily: String]
    /// CLIP's vocabulary for ImageBind's tokenizer; nil: beside ImageBind's weights.
    package var vocabulary: String?

    package init(_ references: [ModelFamily: String], vocabulary: String? = nil) {
        self.references = references
        self.vocabulary = vocabulary
    }

    /// Where a model is; nil where the job names none.
    package subscript(family: ModelFamily) -> String? {
        get { references[family] }
        set { references[family] = newValue }
    }
}

extension ModelReferences: Codable {
    private static let vocabularyKey = "vocabulary"

    /// Reads what ``encode(to:)`` writes.
    package init(from decoder: any Decoder) throws {
        var fields = try decoder.singleValueContainer().decode([String: String].self)
        vocabulary = fields.removeValue(forKey: Self.vocabularyKey)
        references = [:]
        for (key, value) in fields {
            guard let family = ModelFamily(rawValue: key) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "`\(key)` is not a model"))
            }
            references[family] = value
        }
    }

    /// Writes the models under the job file's keys.
    package func encode(to encoder: any Encoder) throws {
        var fields = Dictionary(uniqueKeysWithValues: references.map { ($0.key.rawValue, $0.value) })
        fields[Self.vocabularyKey] = vocabulary
        var single = encoder.singleValueContainer()
        try single.encode(fields)
    }
}
