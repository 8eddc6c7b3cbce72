/// What is wrong with a number of `run.json` that must lie in a range, or nil.
func outside<Number: Comparable>(_ name: String, _ value: Number, _ range: ClosedRange<Number>) -> String? {
    range.contains(value) ? nil : "\(name) is \(value), and it must be from \(range.lowerBound) to \(range.upperBound)"
}
