import JSON

/// What the guides found of a sample, as its row and its `.json` member tell it. Field names are those of both.
package struct SampleFindings: Sendable, Equatable {
    /// A caption that made the prompt.
    package struct Word: Sendable, Equatable, Encodable {
        package let text: String
        /// 0 … 1, among all captions that were weighed.
        package let weight: Double
        /// Of its embedding with that of what steers the sample.
        package let cosine: Double

        package init(text: String, weight: Double, cosine: Double) {
            (self.text, self.weight, self.cosine) = (text, weight, cosine)
        }
    }

    /// A choice among the beginnings that were left at a step.
    package struct Cut: Sendable, Equatable, Encodable {
        /// From 0.
        package let step: Int
        /// The beginnings that were left, ascending.
        package let particles: [Int]
        /// The binder's scores of what was predicted for ``particles``, −1 … 1.
        package let scores: [Double]
        /// Those that went on, the best first.
        package let kept: [Int]

        /// - Parameter scores: by beginning.
        package init(step: Int, scores: [Int: Double], kept: [Int]) {
            (self.step, self.kept) = (step, kept)
            particles = scores.keys.sorted()
            self.scores = particles.compactMap { scores[$0] }
        }

        fileprivate init(step: Int, particles: [Int], scores: [Double], kept: [Int]) {
            (self.step, self.particles, self.scores, self.kept) = (step, particles, scores, kept)
        }
    }

    /// How something came to be among its beginnings.
    package struct Choice: Sendable, Equatable, Encodable {
        /// The binder's score of what was made, −1 … 1; nil where there is nothing to compare with.
        package var score: Double?
        /// The beginning that it is of, from 0; nil where there was one.
        package var particle: Int?
        /// None where nothing was cut.
        package var cuts: [Cut]

        package init(score: Double? = nil, particle: Int? = nil, cuts: [Cut] = []) {
            (self.score, self.particle, self.cuts) = (score, particle, cuts)
        }

        private enum CodingKeys: String, CodingKey { case score, particle, cuts }

        /// Every field, so that table readers infer one schema.
        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(finite(score), forKey: .score)
            try container.encode(particle, forKey: .particle)
            try container.encode(cuts, forKey: .cuts)
        }
    }

    package var choice: Choice
    /// Of the video, where it was made before its sound.
    package var videoChoice: Choice?
    /// How well the caption fits, 0 … 1; nil where that was not asked.
    package var trust: Double?
    /// The weightiest first; none where the sample's own caption alone made the prompt.
    package var words: [Word]
    /// What replaced the caption because it says more.
    package var definiteCaption: String?

    package init(
        choice: Choice = Choice(), videoChoice: Choice? = nil, trust: Double? = nil, words: [Word] = [],
        definiteCaption: String? = nil
    ) {
        self.choice = choice
        self.videoChoice = videoChoice
        self.trust = trust
        self.words = words
        self.definiteCaption = definiteCaption
    }

    package static let none = SampleFindings()

    private enum CodingKeys: String, CodingKey {
        case score, particle, cuts, trust, words
        case videoChoice = "video_choice"
        case definiteCaption = "definite_caption"
    }

    /// Writes every field beside those of the row, null where it does not apply.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(finite(choice.score), forKey: .score)
        try container.encode(choice.particle, forKey: .particle)
        try container.encode(choice.cuts.isEmpty ? nil : choice.cuts, forKey: .cuts)
        try container.encode(videoChoice, forKey: .videoChoice)
        try container.encode(finite(trust), forKey: .trust)
        try container.encode(words.isEmpty ? nil : words, forKey: .words)
        try container.encode(definiteCaption, forKey: .definiteCaption)
    }
}

private func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }

// MARK: - Reading

extension SampleFindings {
    /// Reads one of the fields of a row. Rows of earlier versions have none of them.
    /// - Returns: whether the field is one of these.
    mutating func read(_ field: String, from reader: inout JSONReader) throws(JSONError) -> Bool {
        guard let key = CodingKeys(rawValue: field) else { return false }
        switch key {
        case .score: choice.score = try reader.optionalDouble()
        case .particle: choice.particle = try reader.optionalInteger()
        case .cuts: choice.cuts = try reader.cuts()
        case .videoChoice:
            videoChoice = try reader.optional { reader throws(JSONError) in
                var choice = Choice()
                try reader.object { reader, field throws(JSONError) in
                    switch field {
                    case "score": choice.score = try reader.optionalDouble()
                    case "particle": choice.particle = try reader.optionalInteger()
                    case "cuts": choice.cuts = try reader.cuts()
                    default: try reader.skipValue()
                    }
                }
                return choice
            }
        case .trust: trust = try reader.optionalDouble()
        case .words:
            words =
                try reader.optional { reader throws(JSONError) in
                    try reader.list { reader throws(JSONError) in try Word(from: &reader) }
                } ?? []
        case .definiteCaption: definiteCaption = try reader.optionalString()
        }
        return true
    }
}

extension SampleFindings.Word {
    fileprivate init(from reader: inout JSONReader) throws(JSONError) {
        var text: String?
        var numbers: (weight: Double?, cosine: Double?)
        try reader.object { reader, field throws(JSONError) in
            switch field {
            case "text": text = try reader.string()
            case "weight": numbers.weight = try reader.double()
            case "cosine": numbers.cosine = try reader.double()
            default: try reader.skipValue()
            }
        }
        self.init(
            text: try reader.require(text, "words.text"), weight: try reader.require(numbers.weight, "words.weight"),
            cosine: try reader.require(numbers.cosine, "words.cosine"))
    }
}

extension SampleFindings.Cut {
    fileprivate init(from reader: inout JSONReader) throws(JSONError) {
        var step: Int?
        var scores: [Double]?
        var places: (particles: [Int]?, kept: [Int]?)
        try reader.object { reader, field throws(JSONError) in
            switch field {
            case "step": step = try reader.integer()
            case "particles": places.particles = try reader.integers()
            case "scores": scores = try reader.list { reader throws(JSONError) in try reader.double() }
            case "kept": places.kept = try reader.integers()
            default: try reader.skipValue()
            }
        }
        self.init(
            step: try reader.require(step, "cuts.step"),
            particles: try reader.require(places.particles, "cuts.particles"),
            scores: try reader.require(scores, "cuts.scores"), kept: try reader.require(places.kept, "cuts.kept"))
        guard particles.count == self.scores.count else {
            throw reader.error("cuts.particles has \(particles.count) entries and cuts.scores \(self.scores.count)")
        }
    }
}

extension JSONReader {
    fileprivate mutating func integers() throws(JSONError) -> [Int] {
        try list { reader throws(JSONError) in try reader.integer() }
    }

    /// `null` is none.
    fileprivate mutating func cuts() throws(JSONError) -> [SampleFindings.Cut] {
        try optional { reader throws(JSONError) in
            try reader.list { reader throws(JSONError) in try SampleFindings.Cut(from: &reader) }
        } ?? []
    }
}
