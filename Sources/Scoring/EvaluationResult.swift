internal import Evaluation

/// What an evaluation found: `evaluation.json`.
package struct EvaluationResult: Codable, Sendable, Equatable {
    /// The form of the file.
    package static let currentSchema = "seehear.evaluation/1"

    package var schema = currentSchema
    package var generated: SetFindings
    package var reference: SetFindings?
    /// In the order in which they were asked for.
    package var metrics: [MetricFindings]

    /// Whether every metric that was asked for has a value.
    package var isComplete: Bool { metrics.allSatisfy { $0.value != nil } }

    package init(generated: SetFindings, reference: SetFindings?, metrics: [MetricFindings]) {
        self.generated = generated
        self.reference = reference
        self.metrics = metrics
    }
}

/// One side of an evaluation.
package struct SetFindings: Codable, Sendable, Equatable {
    /// The run or the folder.
    package var path: String
    /// Samples that could be read.
    package var samples: Int
    /// Samples that could not, with the reason.
    package var failed: [String: String]
    /// Samples whose sound is silent; they count.
    package var silent: [String]
    /// Samples that the other side has and this one lacks.
    package var missing: [String]

    package init(path: String, samples: Int, failed: [String: String], silent: [String], missing: [String]) {
        self.path = path
        self.samples = samples
        self.failed = failed
        self.silent = silent
        self.missing = missing
    }
}

/// One metric's value, with all that decides it.
package struct MetricFindings: Codable, Sendable, Equatable {
    /// As `Metric` writes itself.
    package var metric: String
    /// Nil where there is none; then ``problem`` says why.
    package var value: Double?
    /// The 95 % interval of a mean.
    package var low: Double?
    package var high: Double?
    /// Of an Inception score's parts.
    package var deviation: Double?
    /// Of an extrapolation: how the distance falls with 1/n, and how much of it the line explains.
    package var slope: Double?
    package var rSquared: Double?
    /// Samples, or pairs, that count.
    package var samples: Int
    package var referenceSamples: Int?
    /// Rows of features, where a sample has several.
    package var rows: Int?
    package var referenceRows: Int?
    /// Values in a row.
    package var width: Int?
    /// What was compared, and with which weights; of features of another tool the generated side's file.
    package var feature: FeatureIdentity
    /// The reference's file of features of another tool; nil where the features are those of ``feature``.
    package var referenceFeature: FeatureIdentity?
    /// What changed the rate of sounds; nil where none is heard.
    package var resampler: String?
    /// Whether the method optimises what this measures.
    package var isInObjective: Bool?
    /// A kind of the field where it has several.
    package var variant: String?
    /// Samples that do not count, with the reason.
    package var unusable: [String: String]
    /// Why there is no value.
    package var problem: String?
    /// What makes a value doubtful.
    package var note: String?

    private enum CodingKeys: String, CodingKey {
        case metric, value, low, high, deviation, slope, samples, rows, width, feature, variant, resampler, unusable,
            problem, note
        case isInObjective = "in_objective"
        case rSquared = "r_squared"
        case referenceSamples = "reference_samples"
        case referenceRows = "reference_rows"
        case referenceFeature = "reference_feature"
    }

    init(_ metric: String, _ feature: FeatureIdentity) {
        self.metric = metric
        self.feature = feature
        samples = 0
        unusable = [:]
    }
    /// Fills in the mean of samples' values with its interval; nothing where there is no value.
    mutating func take(meanOf values: [(name: String, value: Double)]) {
        guard !values.isEmpty else { return }
        samples = values.count
        value = values.reduce(0) { $0 + $1.value } / Double(values.count)
        let interval = Bootstrap().interval(values.map(\.value))
        (low, high) = (interval.low, interval.high)
    }
}
