internal import Files

/// Which rows of two sides are of one sample, by its name.
enum SamplePairs {
    /// Below this share of pairs, two sides are not of the same samples.
    static let leastOverlap = 0.99

    /// One sample's row on either side.
    struct Pair {
        let name: String
        let row: Int
        let partner: Int
    }

    /// Pairs in the order of the generated side, or why there are none.
    enum Outcome {
        case pairs([Pair])
        case problem(String)
    }

    /// - Parameters:
    ///   - names: of the generated side's rows.
    ///   - others: of the reference's.
    ///   - sides: what a sentence calls the two.
    static func of(_ names: [String], _ others: [String], sides: (String, String)) -> Outcome {
        let (rows, partners) = (places(names), places(others))
        for (side, places) in [(sides.0, rows), (sides.1, partners)] {
            guard let repeated = places.filter({ $0.value.count > 1 }).min(by: { $0.key < $1.key }) else { continue }
            return .problem(
                "samples are compared one by one, and \(repeated.key.text) has \(repeated.value.count) rows in \(side): give one row for each sample, such as their mean"
            )
        }
        let pairs = names.enumerated().compactMap { row, name in
            partners[ExactText(name)]?.first.map { Pair(name: name, row: row, partner: $0) }
        }
        let most = max(names.count, others.count)
        guard Double(pairs.count) >= leastOverlap * Double(most) else {
            let lacking =
                rows.keys.filter { partners[$0] == nil }.sorted()
                + partners.keys.filter { rows[$0] == nil }.sorted()
            return .problem(
                "\(pairs.count) of \(most) samples have a partner of the same name, and 99 % are needed; without one: "
                    + lacking.prefix(3).map(\.text).joined(separator: ", "))
        }
        return .pairs(pairs)
    }

    private static func places(_ names: [String]) -> [ExactText: [Int]] {
        Dictionary(grouping: names.indices) { ExactText(names[$0]) }
    }
}
