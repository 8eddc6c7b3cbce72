/// Whether two measures put the same things in the same order.
enum RankCorrelation {
    /// Spearman's coefficient, −1 … 1; nil where one of them has all values equal, or there are fewer than two.
    static func of(_ first: [Double], _ second: [Double]) -> Double? {
        let (a, b) = (ranks(first), ranks(second))
        guard a.count == b.count, a.count > 1 else { return nil }
        let mean = Double(a.count + 1) / 2
        var (product, left, right) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            product += (x - mean) * (y - mean)
            left += (x - mean) * (x - mean)
            right += (y - mean) * (y - mean)
        }
        return left > 0 && right > 0 ? product / (left * right).squareRoot() : nil
    }

    /// From 1; equal values share the mean of their ranks.
    private static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
            start = end + 1
        }
        return ranks
    }
}
