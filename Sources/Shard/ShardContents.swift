/// What the plan puts into one shard.
package struct ShardContents: Sendable, Equatable {
    /// The shard's number, from 0.
    package let shard: Int
    /// The index of its first sample in the manifest.
    package let firstIndex: Int
    /// Its batches in plan order.
    package let batches: [Int]

    /// Makes the contents of one shard.
    package init(shard: Int, firstIndex: Int, batches: [Int]) {
        self.shard = shard
        self.firstIndex = firstIndex
        self.batches = batches
    }
}
