import JSON

/// What distinguishes the byte-level byte-pair tokenizers of transformers.
enum TokenizerFamily {
    /// RoBERTa's and BART's; GPT-2's with Whisper's special tokens; CLIP's.
    case roberta, whisper, clip

    /// A special token by the name of its field.
    struct Role {
        let name: String
        /// What it is where the files are silent.
        let usual: String
        /// How a token behaves that is written as text alone.
        var takesSpaceBefore = false
        var isNormalized = false
    }

    /// In the order in which transformers takes them: of two with the same content the first decides how it behaves.
    var roles: [Role] {
        switch self {
        case .roberta:
            [
                Role(name: "bos_token", usual: "<s>"), Role(name: "eos_token", usual: "</s>"),
                Role(name: "unk_token", usual: "<unk>"), Role(name: "sep_token", usual: "</s>"),
                Role(name: "pad_token", usual: "<pad>"), Role(name: "cls_token", usual: "<s>"),
                Role(name: "mask_token", usual: "<mask>", takesSpaceBefore: true),
            ]
        case .whisper:
            ["bos_token", "eos_token", "unk_token", "pad_token"].map { Role(name: $0, usual: "<|endoftext|>") }
        case .clip:
            [
                Role(name: "bos_token", usual: "<|startoftext|>", isNormalized: true),
                Role(name: "eos_token", usual: "<|endoftext|>", isNormalized: true),
                Role(name: "unk_token", usual: "<|endoftext|>", isNormalized: true),
                Role(name: "pad_token", usual: "<|endoftext|>"),
            ]
        }
    }

    /// The fields of the tokens at both ends of a text.
    var startRole: String { self == .roberta ? "cls_token" : "bos_token" }
    var endRole: String { self == .roberta ? "sep_token" : "eos_token" }

    /// The merges of a list that count.
    var mergeLimit: Int { self == .clip ? SimpleTokenizer.mergeLimit : .max }

    /// What the last symbol of a word carries at its end.
    var wordEnd: String { self == .clip ? "</w>" : "" }

    /// Checks that a tokenizer.json does to text what this program does.
    func checkSteps(_ document: JSONValue) throws(TokenizerError.Kind) {
        let normalizer = document["normalizer"] ?? .null
        let cutter = document["pre_tokenizer"]
        switch self {
        case .roberta, .whisper:
            guard cutter?["type"]?.string == "ByteLevel" else {
                throw .field("pre_tokenizer.type", reason: "\"ByteLevel\" is needed")
            }
            guard cutter?["add_prefix_space"]?.bool != true else {
                throw .field("pre_tokenizer.add_prefix_space", reason: "true is not supported")
            }
            guard normalizer == .null else {
                throw .field("normalizer", reason: "RoBERTa, BART and Whisper have none, and others are not supported")
            }
        case .clip:
            let steps = normalizer["normalizers"]?.array?.map { $0["type"]?.string }
            guard steps == ["NFC", "Replace", "Lowercase"] else {
                throw .field("normalizer.normalizers", reason: "NFC, Replace and Lowercase are needed")
            }
            let cuts = cutter?["pretokenizers"]?.array ?? []
            guard cuts.map({ $0["type"]?.string }) == ["Split", "ByteLevel"],
                cuts[0]["pattern"]?["Regex"]?.string?.hasSuffix(Self.clipPattern) == true
            else {
                throw .field(
                    "pre_tokenizer.pretokenizers", reason: "Split by \(Self.clipPattern), and ByteLevel, are needed")
            }
            guard document["model"]?["end_of_word_suffix"]?.string == wordEnd else {
                throw .field("model.end_of_word_suffix", reason: "\"\(wordEnd)\" is needed")
            }
        }
    }

    /// Older files name the two special tokens before it, which are found before text is cut.
    private static let clipPattern = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
}
