internal import Scoring

/// How values spread, as bars that several runs share the scale of.
struct Distribution {
    /// By run; each has at least one.
    let values: [(name: String, values: [Double])]
    private static let bars = 24

    /// One drawing for each run, one below the other; empty where all values are the same.
    var html: String {
        let all = values.flatMap(\.values)
        guard let low = all.min(), let high = all.max(), low < high else { return "" }
        return values.map { name, values in
            let counts = Self.counts(values, low, high)
            let most = Double(counts.max() ?? 1)
            let bars = counts.enumerated().filter { $0.element > 0 }.map { place, count in
                let height = 38 * Double(count) / most
                return
                    "<rect x=\(place * 10) y=\(RunSection.tenths(40 - height)) width=9 height=\(RunSection.tenths(height)) />"
            }
            let range = "\(low.fiveFigures) to \(high.fiveFigures)"
            return """
                <figure class=bars><figcaption>\(escaped(name))</figcaption><svg viewBox="0 0 \(Self.bars * 10) 40" \
                preserveAspectRatio=none role=img aria-label="\(values.count) values of \(escaped(name)), from \(range)">\(bars.joined())</svg>\
                <p class=facts>\(range)</p></figure>
                """
        }.joined()
    }

    /// How many values fall into each of equally wide parts.
    static func counts(_ values: [Double], _ low: Double, _ high: Double) -> [Int] {
        var counts = [Int](repeating: 0, count: bars)
        for value in values {
            counts[min(max(Int(Double(bars) * (value - low) / (high - low)), 0), bars - 1)] += 1
        }
        return counts
    }
}
