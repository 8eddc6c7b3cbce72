extension Guidance: Codable {
    private enum CodingKeys: String, CodingKey {
        case gradient, aligner, noise, words, beginnings, joint, hearing
    }

    private enum Kind: String, Codable {
        case off, aligner, noise
    }

    /// Reads what ``encode(to:)`` writes.
    package init(from decoder: any Decoder) throws {
        if let single = try? decoder.singleValueContainer(), let word = try? single.decode(String.self) {
            guard word == "off" else {
                throw DecodingError.dataCorruptedError(in: single, debugDescription: "guidance is `\(word)`, not off")
            }
            self = .off
            return
        }
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        guard let kind = try fields.decodeIfPresent(Kind.self, forKey: .gradient) else {
            self = .aligner(try AlignerSettings(from: decoder))
            return
        }
        let gradient: Gradient =
            switch kind {
            case .off: .off
            case .aligner: .aligner(try fields.decode(AlignerSettings.self, forKey: .aligner))
            case .noise: .noise(try fields.decode(NoiseGuidanceSettings.self, forKey: .noise))
            }
        self.init(
            gradient: gradient, words: try fields.decodeIfPresent(WordSettings.self, forKey: .words),
            beginnings: try fields.decode(BeginningSettings.self, forKey: .beginnings),
            joint: try fields.decode(JointSettings.self, forKey: .joint),
            hearing: try fields.decode(Hearing.self, forKey: .hearing))
    }

    /// Writes `"off"`, or the aligner's settings where nothing else is asked for, as runs always had them: their identity
    /// depends on it. Otherwise every part under its name.
    package func encode(to encoder: any Encoder) throws {
        if beginnings == .one, words == nil, joint == .together, hearing == .vocoder {
            var single = encoder.singleValueContainer()
            switch gradient {
            case .off: return try single.encode("off")
            case .aligner(let aligner): return try single.encode(aligner)
            case .noise: break
            }
        }
        var fields = encoder.container(keyedBy: CodingKeys.self)
        switch gradient {
        case .off: try fields.encode(Kind.off, forKey: .gradient)
        case .aligner(let aligner):
            try fields.encode(Kind.aligner, forKey: .gradient)
            try fields.encode(aligner, forKey: .aligner)
        case .noise(let noise):
            try fields.encode(Kind.noise, forKey: .gradient)
            try fields.encode(noise, forKey: .noise)
        }
        try fields.encodeIfPresent(words, forKey: .words)
        try fields.encode(beginnings, forKey: .beginnings)
        try fields.encode(joint, forKey: .joint)
        try fields.encode(hearing, forKey: .hearing)
    }
}
