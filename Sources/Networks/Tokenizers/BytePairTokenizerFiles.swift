import JSON

/// What the files of a byte-level byte-pair tokenizer of transformers say, in either of their two layouts.
struct BytePairTokenizerFiles {
    /// The file with the vocabulary, for messages.
    let path: String
    let vocabulary: [String: Int32]
    let merges: [(left: Substring, right: Substring)]
    let added: AddedTokens
    let startID: Int32
    let endID: Int32
    let paddingID: Int32
    let maximumLength: Int?

    init(folder: String, family: TokenizerFamily) throws(TokenizerError) {
        let configPath = "\(folder)/tokenizer_config.json"
        let config = try VocabularyReader.optionalJSON(configPath)
        // Files from before the list of added tokens say it in two further files, which then come first.
        let isOld = config?["added_tokens_decoder"] == nil
        let map = isOld ? try VocabularyReader.optionalJSON("\(folder)/special_tokens_map.json") : nil
        let numbers = isOld ? try VocabularyReader.optionalJSON("\(folder)/added_tokens.json") : nil
        let core = try Core(folder: folder, family: family)
        var roleTokens: [String: AddedTokens.Token] = [:]
        var added = core.added
        do throws(TokenizerError.Kind) {
            guard config?["add_prefix_space"]?.bool != true else {
                throw .field("add_prefix_space", reason: "true is not supported")
            }
            for member in config?["added_tokens_decoder"]?.members ?? [] {
                let field = "added_tokens_decoder[\"\(member.name)\"]"
                guard let id = Int32(member.name), id >= 0 else {
                    throw .field(field, reason: "the name is not a number")
                }
                added.add(try .init(member.value, id: { _ in id }, field: field))
            }
            let special = map?["additional_special_tokens"] ?? config?["additional_special_tokens"]
            let names = Set((special?.array ?? []).compactMap { $0.string ?? $0["content"]?.string })
            for (text, id) in try numbers.map(Self.numbers) ?? [] where !added.contains(text) {
                let isSpecial = names.contains(text)
                added.add(
                    AddedTokens.Token(
                        content: Array(text.unicodeScalars), id: id, isNormalized: !isSpecial, isSpecial: isSpecial))
            }
            let ids = Dictionary(added.tokenIDs, uniquingKeysWith: { $1 })
            for role in family.roles {
                let value = map?[role.name] ?? config?[role.name] ?? .string(role.usual)
                if value == .null { continue }
                let token = try AddedTokens.Token(
                    value,
                    id: { text throws(TokenizerError.Kind) in
                        guard let id = ids[text] ?? core.vocabulary[text] else {
                            throw .unknownToken(role: role.name, text)
                        }
                        return id
                    }, field: role.name, takesSpaceBefore: role.takesSpaceBefore,
                    isNormalized: role.isNormalized, isSpecial: true)
                roleTokens[role.name] = token
                // What is listed already keeps its own rules.
                if !added.contains(token.text) { added.add(token) }
            }
        } catch {
            throw TokenizerError(path: configPath, kind: error)
        }
        let last = roleTokens[family.endRole]
        // Whisper's files name none: its texts are never padded.
        guard let start = roleTokens[family.startRole], let end = last,
            let padding = roleTokens["pad_token"] ?? (family == .whisper ? last : nil)
        else {
            throw TokenizerError(
                path: configPath,
                kind: .field("\(family.startRole), \(family.endRole), pad_token", reason: "none may be null"))
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

    /// `added_tokens.json`, in the order of the numbers.
    private static func numbers(_ file: JSONValue) throws(TokenizerError.Kind) -> [(String, Int32)] {
        try VocabularyReader.vocabulary(file, field: "added_tokens.json").map { ($0, $1) }.sorted { $0.1 < $1.1 }
    }

    /// Vocabulary and merges.
    private struct Core {
        var path: String
        var vocabulary: [String: Int32]
        var merges: [(left: Substring, right: Substring)]
        var added = AddedTokens()

        init(folder: String, family: TokenizerFamily) throws(TokenizerError) {
            if let vocabulary = try VocabularyReader.optionalJSON("\(folder)/vocab.json") {
                path = "\(folder)/vocab.json"
                let mergesPath = "\(folder)/merges.txt"
                let lines = try VocabularyReader.lines(mergesPath)
                // The first line names the version.
                merges = try Self.naming(mergesPath) { () throws(TokenizerError.Kind) in
                    try VocabularyReader.merges(lines.dropFirst().prefix(family.mergeLimit))
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
                try Self.fast(document, family)
            }
        }

        /// The layout of huggingface/tokenizers.
        private static func fast(
            _ document: JSONValue, _ family: TokenizerFamily
        ) throws(TokenizerError.Kind) -> ([String: Int32], [(left: Substring, right: Substring)], AddedTokens) {
            guard document["model"]?["type"]?.string == "BPE" else {
                throw .field("model.type", reason: "\"BPE\" is needed")
            }
            try family.checkSteps(document)
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
