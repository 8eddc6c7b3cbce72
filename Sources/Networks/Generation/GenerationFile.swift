/// What a model's files say of generation: `generation_config.json`, or else `config.json`, or its part for the text.
///
/// Whoever reads it sees what transformers' `generate` would do with the same files; what this program does not do is refused by
/// the name of the setting.
package struct GenerationFile: Decodable, Sendable {
    private let num_beams: Int?
    private let length_penalty: Double?
    private let early_stopping: EarlyStopping?
    private let no_repeat_ngram_size: Int?
    private let repetition_penalty: Double?
    private let forced_bos_token_id: Int32?
    private let forced_eos_token_id: Int32?
    private let suppress_tokens: [Int32]?
    private let begin_suppress_tokens: [Int32]?
    private let decoder_start_token_id: Int32?
    private let bos_token_id: Int32?
    private let eos_token_id: Ends?
    private let refused: String?

    private enum EarlyStopping: Decodable {
        case yes, no, never

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Bool.self) {
                self = value ? .yes : .no
            } else if try container.decode(String.self) == "never" {
                self = .never
            } else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "true, false or \"never\" is needed")
            }
        }
    }

    private enum Ends: Decodable {
        case one(Int32), several([Int32])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Int32.self) {
                self = .one(value)
            } else {
                let list = try container.decode([Int32].self)
                self = list.count == 1 ? .one(list[0]) : .several(list)
            }
        }
    }

    private enum CodingKeys: String, CodingKey {
        case num_beams, length_penalty, early_stopping, no_repeat_ngram_size, repetition_penalty, forced_bos_token_id,
            forced_eos_token_id, suppress_tokens, begin_suppress_tokens, decoder_start_token_id, bos_token_id,
            eos_token_id
    }

    /// Settings that change what is said, and what they are where they change nothing.
    private static let neutral: [(name: String, value: Double)] = [
        ("do_sample", 0), ("num_beam_groups", 1), ("diversity_penalty", 0), ("penalty_alpha", 0),
        ("encoder_repetition_penalty", 1), ("encoder_no_repeat_ngram_size", 0), ("min_length", 0),
        ("min_new_tokens", 0), ("guidance_scale", 1), ("renormalize_logits", 0), ("remove_invalid_values", 0),
        ("prompt_lookup_num_tokens", 0), ("low_memory", 0),
    ]
    /// Settings that must be absent, null or empty.
    private static let absent = [
        "bad_words_ids", "force_words_ids", "constraints", "sequence_bias", "stop_strings",
        "exponential_decay_length_penalty", "watermarking_config", "dola_layers", "custom_generate",
    ]

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        num_beams = try c.decodeIfPresent(Int.self, forKey: .num_beams)
        length_penalty = try c.decodeIfPresent(Double.self, forKey: .length_penalty)
        early_stopping = try c.decodeIfPresent(EarlyStopping.self, forKey: .early_stopping)
        no_repeat_ngram_size = try c.decodeIfPresent(Int.self, forKey: .no_repeat_ngram_size)
        repetition_penalty = try c.decodeIfPresent(Double.self, forKey: .repetition_penalty)
        forced_bos_token_id = try c.decodeIfPresent(Int32.self, forKey: .forced_bos_token_id)
        forced_eos_token_id = try c.decodeIfPresent(Int32.self, forKey: .forced_eos_token_id)
        suppress_tokens = try c.decodeIfPresent([Int32].self, forKey: .suppress_tokens)
        begin_suppress_tokens = try c.decodeIfPresent([Int32].self, forKey: .begin_suppress_tokens)
        decoder_start_token_id = try c.decodeIfPresent(Int32.self, forKey: .decoder_start_token_id)
        bos_token_id = try c.decodeIfPresent(Int32.self, forKey: .bos_token_id)
        eos_token_id = try c.decodeIfPresent(Ends.self, forKey: .eos_token_id)
        let all = try decoder.container(keyedBy: AnyKey.self)
        var refused: String?
        for (name, value) in Self.neutral {
            let key = AnyKey(stringValue: name)
            guard all.contains(key), try !all.decodeNil(forKey: key) else { continue }
            let number =
                (try? all.decode(Double.self, forKey: key))
                ?? ((try? all.decode(Bool.self, forKey: key)) == true ? 1 : 0)
            if number != value { refused = name }
        }
        for name in Self.absent {
            let key = AnyKey(stringValue: name)
            if all.contains(key), try !all.decodeNil(forKey: key) { refused = name }
        }
        self.refused = refused
    }

    /// What several files say together, each where those before it are silent.
    ///
    /// - Parameters:
    ///   - model: for messages.
    ///   - vocabulary: the numbers that tokens can have.
    /// - Throws: ``ConfigurationError``.
    package static func settings(
        of files: [GenerationFile], model: String, vocabulary: Int
    ) throws(ConfigurationError) -> TextGenerationSettings {
        func first<Value>(_ field: KeyPath<GenerationFile, Value?>) -> Value? {
            files.lazy.compactMap { $0[keyPath: field] }.first
        }
        func reject(_ field: String, _ found: String, _ expected: String) -> ConfigurationError {
            ConfigurationError(model, field, found: found, expected: expected)
        }
        if let name = first(\.refused) {
            throw reject(name, "set", "a file without it")
        }
        let end: Int32
        switch first(\.eos_token_id) {
        case .one(let id): end = id
        case .several(let ids): throw reject("eos_token_id", "\(ids)", "one token")
        case nil: throw reject("eos_token_id", "missing", "the token that ends a text")
        }
        guard let start = first(\.decoder_start_token_id) ?? first(\.bos_token_id) else {
            throw reject("decoder_start_token_id", "missing", "the token that a text begins with")
        }
        var settings = TextGenerationSettings(start: start, end: end)
        settings.beams = first(\.num_beams) ?? 1
        guard (1...64).contains(settings.beams) else {
            throw reject("num_beams", "\(settings.beams)", "a number from 1 to 64")
        }
        settings.lengthPenalty = first(\.length_penalty) ?? 1
        settings.repetitionPenalty = first(\.repetition_penalty) ?? 1
        guard settings.lengthPenalty.isFinite, settings.repetitionPenalty > 0, settings.repetitionPenalty.isFinite
        else { throw reject("repetition_penalty", "\(settings.repetitionPenalty)", "a positive number") }
        settings.noRepeatNgramSize = first(\.no_repeat_ngram_size) ?? 0
        guard settings.noRepeatNgramSize >= 0 else {
            throw reject("no_repeat_ngram_size", "\(settings.noRepeatNgramSize)", "a number from 0 on")
        }
        settings.earlyStopping =
            switch first(\.early_stopping) {
            case .yes: .yes
            case .never: .never
            case .no, nil: .no
            }
        settings.forcedStart = first(\.forced_bos_token_id)
        settings.forcedEnd = first(\.forced_eos_token_id)
        settings.suppressed = first(\.suppress_tokens) ?? []
        settings.suppressedFirst = first(\.begin_suppress_tokens) ?? []
        let ids = [start, end] + [settings.forcedStart, settings.forcedEnd].compactMap(\.self)
        if let id = ids.first(where: { !(0..<Int32(clamping: vocabulary)).contains($0) }) {
            throw reject("a token", "\(id)", "a number below the \(vocabulary) of the vocabulary")
        }
        return settings
    }
}
