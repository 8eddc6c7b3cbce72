/// The median of numbers that arrive one by one.
struct RunningMedian: Sendable {
    private var sorted: [Double] = []

    /// The lower median; nil before the first number.
    var value: Double? { sorted.isEmpty ? nil : sorted[(sorted.count - 1) / 2] }

    mutating func add(_ number: Double) {
        guard number.isFinite else { return }
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < number { low = middle + 1 } else { high = middle }
        }
        sorted.insert(number, at: low)
    }
}
