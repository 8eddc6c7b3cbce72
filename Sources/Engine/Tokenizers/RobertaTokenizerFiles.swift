import JSON

/// What the files of a RoBERTa tokenizer say, in either of their two layouts.
struct RobertaTokenizerFiles {
    /// The file with the vocabulary, for messages.
    let path: String
    let vocabulary: [String: Int32]
    let merges: [(left: Substring, right: Substring)]
    let added: AddedTokens
    let startID: Int32
    let endID: Int32
    let paddingID: Int32
    let maximumLength: Int?

    /// Names of the special tokens in the configuration, and what they are where it is silent.
    private static let roles = [
        ("bos_token", "<s>"), ("cls_token", "<s>"), ("pad_token", "<pad>"), ("eos_token", "</s>"),
        ("sep_token", "</s>"),
        ("unk_token", "<unk>"), ("mask_token", "<mask>"),
    ]

    init(folder: String) throws(TokenizerError) {
        let configPath = "\(folder)/tokenizer_config.json"
        let mapPath = "\(folder)/special_tokens_map.json"
        let config = try VocabularyReader.optionalJSON(configPath)
        let map = try VocabularyReader.optionalJSON(mapPath)
        let core = try Core(folder: folder)
        var roleTokens: [String: AddedTokens.Token] = [:]
        var added = core.added
        do throws(TokenizerError.Kind) {
            guard config?["add_prefix_space"]?.bool != true else {
                throw .field("add_prefix_space", reason: "true is not supported")
            }
            for member in config?["added_tokens_decoder"]?.members ?? [] {
                let field = "added_tokens_decoder[\"\(member.name)\"]"
                guard let id = Int32(member.name) else { throw .field(field, reason: "the name is not a number") }
                added.add(try .init(member.value, id: { _ in id }, field: field))
            }
            let ids = Dictionary(added.tokenIDs, uniquingKeysWith: { $1 })
            for (role, usual) in Self.roles {
                let value = config?[role] ?? map?[role] ?? .string(usual)
                if value == .null { continue }
                let token = try AddedTokens.Token(
                    value,
                    id: { text throws(TokenizerError.Kind) in
                        guard let id = ids[text] ?? core.vocabulary[text] else { throw .unknownToken(role: role, text) }
                        return id
                    }, field: role, takesSpaceBefore: role == "mask_token")
                roleTokens[role] = token
                // What is listed with its own rules for white space keeps them.
                if ids[token.text] == nil { added.add(token) }
            }
        } catch {
            throw TokenizerError(path: configPath, kind: error)
        }
        guard let start = roleTokens["cls_token"], let end = roleTokens["sep_token"],
            let padding = roleTokens["pad_token"]
        else {
            throw TokenizerError(
                path: configPath, kind: .field("cls_token, sep_token, pad_token", reason: "none may be null"))
        }
        path = core.path
        vocabulary = core.vocabulary
        merges = core.merges
        self.added = added
        startID = start.id
        endID = end.id
        paddingID = padding.id
        // transformers writes 1e30 for no limit.
        maximumLength = config?["model_max_length"]?.integer.flatMap { (2...1 << 30).contains($0) ? $0 : nil }
    }

    /// Vocabulary and merges.
    private struct Core {
        var path: String
        var vocabulary: [String: Int32]
        var merges: [(left: Substring, right: Substring)]
        var added = AddedTokens()

        init(folder: String) throws(TokenizerError) {
            if let vocabulary = try VocabularyReader.optionalJSON("\(folder)/vocab.json") {
                path = "\(folder)/vocab.json"
                let mergesPath = "\(folder)/merges.txt"
                let lines = try VocabularyReader.lines(mergesPath)
                // The first line names the version.
                merges = try Self.naming(mergesPath) { () throws(TokenizerError.Kind) in
                    try VocabularyReader.merges(lines.dropFirst())
                }
                self.vocabulary = try Self.naming(path) { () throws(TokenizerError.Kind) in
                    try VocabularyReader.vocabulary(vocabulary, field: "(root)")
                }
                return
            }
            let path = "\(folder)/tokenizer.json"
            guard let document = try VocabularyReader.optionalJSON(path) else {
                throw TokenizerError(path: folder, kind: .noFiles)
            }
            self.path = path
            (vocabulary, merges, added) = try Self.naming(path) { () throws(TokenizerError.Kind) in
                try Self.fast(document)
            }
        }

        /// The layout of huggingface/tokenizers.
        private static func fast(
            _ document: JSONValue
        ) throws(TokenizerError.Kind) -> ([String: Int32], [(left: Substring, right: Substring)], AddedTokens) {
            for (field, value) in [("model", "BPE"), ("pre_tokenizer", "ByteLevel")] {
                guard document[field]?["type"]?.string == value else {
                    throw .field("\(field).type", reason: "\"\(value)\" is needed")
                }
            }
            guard document["pre_tokenizer"]?["add_prefix_space"]?.bool != true else {
                throw .field("pre_tokenizer.add_prefix_space", reason: "true is not supported")
            }
            guard document["normalizer"] ?? .null == .null else {
                throw .field("normalizer", reason: "RoBERTa has none, and others are not supported")
            }
            let vocabulary = try VocabularyReader.vocabulary(document["model"]?["vocab"], field: "model.vocab")
            guard let pairs = document["model"]?["merges"]?.array else {
                throw .field("model.merges", reason: "an array is needed")
            }
            var merges: [(left: Substring, right: Substring)] = []
            for (index, pair) in pairs.enumerated() {
                // Older files write "a b", newer ones ["a", "b"].
                let parts =
                    pair.string?.split(separator: " ") ?? pair.array?.compactMap { $0.string.map { $0[...] } } ?? []
                guard parts.count == 2 else { throw .field("model.merges[\(index)]", reason: "a pair is needed") }
                merges.append((parts[0], parts[1]))
            }
            var added = AddedTokens()
            for (index, token) in (document["added_tokens"]?.array ?? []).enumerated() {
                let field = "added_tokens[\(index)]"
                guard let id = token["id"]?.integer.flatMap({ Int32(exactly: $0) }), id >= 0 else {
                    throw .field("\(field).id", reason: "a number at or above 0 is needed")
                }
                added.add(try .init(token, id: { _ in id }, field: field))
            }
            return (vocabulary, merges, added)
        }

        private static func naming<R>(
            _ path: String, _ body: () throws(TokenizerError.Kind) -> R
        ) throws(TokenizerError) -> R {
            do throws(TokenizerError.Kind) {
                return try body()
            } catch {
                throw TokenizerError(path: path, kind: error)
            }
        }
    }
}
