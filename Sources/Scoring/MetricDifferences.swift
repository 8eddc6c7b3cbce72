/// What makes two values of one metric not comparable.
enum MetricDifferences {
    /// A phrase for each, such as `n 200 and 199`; none where they are alike.
    static func between(_ a: MetricFindings, _ b: MetricFindings) -> [String] {
        func rows(_ count: Int?, _ samples: Int?, _ other: Int?) -> Int? { other == nil ? count : count ?? samples }
        let counts: [(name: String, Int?, Int?)] = [
            ("n", a.samples, b.samples),
            ("rows", rows(a.rows, a.samples, b.rows), rows(b.rows, b.samples, a.rows)),
            ("the reference's n", a.referenceSamples, b.referenceSamples),
            (
                "the reference's rows", rows(a.referenceRows, a.referenceSamples, b.referenceRows),
                rows(b.referenceRows, b.referenceSamples, a.referenceRows)
            ),
            ("width", a.width, b.width),
        ]
        return counts.compactMap { phrase($0.name, $0.1.map(String.init), $0.2.map(String.init)) }
            + [phrase("variant", a.variant, b.variant)].compactMap { $0 } + features(a, b)
    }

    /// Of features of other tools the generated sides' files are what is compared: that they are of one network is seen by
    /// their having the same reference.
    private static func features(_ a: MetricFindings, _ b: MetricFindings) -> [String] {
        if let one = a.referenceFeature, let other = b.referenceFeature {
            return hashes(one) == hashes(other)
                ? [] : ["reference \(one.feature) \(beginnings(one)) and \(other.feature) \(beginnings(other))"]
        }
        return [
            phrase("feature", a.feature.feature, b.feature.feature),
            hashes(a.feature) == hashes(b.feature)
                ? nil : "checkpoint \(beginnings(a.feature)) and \(beginnings(b.feature))",
        ].compactMap { $0 }
    }

    /// Files are the same by their content, whatever their names.
    private static func hashes(_ identity: FeatureIdentity) -> [String] {
        identity.checkpoint.map { name, sha256 in sha256.isEmpty ? name : sha256 }.sorted()
    }

    private static func beginnings(_ identity: FeatureIdentity) -> String {
        identity.checkpoint.isEmpty ? "none" : hashes(identity).map { "\($0.prefix(12))…" }.joined(separator: " ")
    }

    private static func phrase(_ name: String, _ one: String?, _ other: String?) -> String? {
        one == other ? nil : "\(name) \(one ?? "none") and \(other ?? "none")"
    }
}
