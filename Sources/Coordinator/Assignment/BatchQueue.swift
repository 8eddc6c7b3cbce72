/// The batches that nobody holds, in the order in which they are to be assigned.
struct BatchQueue: Sendable {
    /// Last in the array is first to go, so that taking the next one moves nothing.
    private var waiting: [BatchWork]

    init(_ batches: [BatchWork]) {
        waiting = batches.sorted { $1.precedes($0) }
    }

    var isEmpty: Bool { waiting.isEmpty }
    var count: Int { waiting.count }

    /// The next batch that `eligible` accepts.
    func first(where eligible: (BatchWork) -> Bool) -> BatchWork? { waiting.last(where: eligible) }

    /// Puts a batch back at its place.
    mutating func insert(_ batch: BatchWork) {
        waiting.insert(batch, at: position(of: batch))
    }

    /// Takes out one batch wherever it is; nothing happens where it does not wait.
    mutating func remove(_ batch: BatchWork) {
        let index = position(of: batch)
        if index < waiting.count, waiting[index].number == batch.number { waiting.remove(at: index) }
    }

    /// The first index whose batch does not go after `batch`.
    private func position(of batch: BatchWork) -> Int {
        var low = 0
        var high = waiting.count
        while low < high {
            let middle = (low + high) / 2
            if batch.precedes(waiting[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
