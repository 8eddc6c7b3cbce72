/// One thing that a part of the self-test looked at.
package struct SelfTestCheck: Codable, Sendable, Equatable {
    /// How it went.
    package enum Outcome: String, Codable, Sendable {
        case passed, failed
        /// It cannot be looked at here; ``note`` says why.
        case skipped
    }

    /// What was looked at, such as a stage.
    package let name: String
    package let outcome: Outcome
    /// Of the device's numbers: `fp64`, `fp32`, `tf32`, `bf16` or `fp16`.
    package var precision: String?
    /// What it was compared with.
    package var against: String?
    /// How many things were compared.
    package var compared: Int?
    /// The largest difference, as relative rms unless the note says otherwise; nil where a number was not finite.
    package var largest: Double?
    /// What it may be.
    package var tolerance: Double?
    /// Where the largest difference was.
    package var place: String?
    /// One sentence.
    package var note: String?

    package init(_ name: String, _ outcome: Outcome, note: String? = nil) {
        self.name = name
        self.outcome = outcome
        self.note = note
    }

    /// A comparison of numbers: it fails where one is beyond its tolerance, and where there is nothing to compare.
    package init(_ name: String, precision: String, against: String, _ measured: [Measured]) {
        self.name = name
        self.precision = precision
        self.against = against
        compared = measured.count
        outcome = measured.isEmpty || !measured.allSatisfy(\.isWithin) ? .failed : .passed
        // The one that used up most of what it may.
        let worst = measured.max { $0.use < $1.use }
        largest = worst.flatMap { $0.difference.isFinite ? $0.difference : nil }
        tolerance = worst?.tolerance
        place = worst?.place
        if measured.isEmpty { note = "there was nothing to compare" }
        if let worst, !worst.difference.isFinite { note = "a number is not finite, or numbers are missing" }
    }

    /// A difference and what it may be.
    package struct Measured: Sendable {
        let place: String
        let difference: Double
        let tolerance: Double

        var isWithin: Bool { difference <= tolerance }
        var use: Double { difference.isNaN ? .infinity : difference / max(tolerance, 1e-300) }
    }
}
