package import Shard

/// How the samples of a plan fall into shards and batches: by their numbers alone.
///
/// Samples keep the manifest's order. Shards take so many samples each, and every shard is cut into batches, so that the bytes
/// of a shard depend on the plan alone and nobody has to keep a list of them.
package struct PlanLayout: Sendable, Hashable {
    /// The number of samples.
    package let samples: Int
    private let shardSize: Int
    private let batchSize: Int

    /// - Parameters:
    ///   - samples: 0 or more.
    ///   - shard: samples in each shard but the last.
    ///   - batch: samples in each batch but the last of a shard.
    package init(samples: Int, shard: Int, batch: Int) {
        self.samples = max(0, samples)
        shardSize = max(1, shard)
        batchSize = min(max(1, batch), shardSize)
    }

    private var batchesInShard: Int { Self.pieces(shardSize, of: batchSize) }

    /// The number of shards.
    package var shards: Int { Self.pieces(samples, of: shardSize) }

    /// The number of batches.
    package var batches: Int {
        samples / shardSize * batchesInShard + Self.pieces(samples % shardSize, of: batchSize)
    }

    /// A shard, 0 ..< ``shards``.
    package func shard(_ number: Int) -> PlannedShard {
        let first = number * shardSize
        let count = min(shardSize, samples - first)
        let firstBatch = number * batchesInShard
        return PlannedShard(
            number: number, batches: firstBatch..<firstBatch + Self.pieces(count, of: batchSize), firstIndex: first,
            count: count)
    }

    /// The indices of the samples of a batch, 0 ..< ``batches``.
    package func samples(ofBatch batch: Int) -> Range<Int> {
        let shard = shard(shard(ofBatch: batch))
        let first = shard.firstIndex + (batch - shard.batches.lowerBound) * batchSize
        return first..<min(first + batchSize, shard.firstIndex + shard.count)
    }

    /// The shard that a batch is part of; a batch never lies in two.
    package func shard(ofBatch batch: Int) -> Int { batch / batchesInShard }

    /// The shard that a sample stands in.
    package func shard(ofSample index: Int) -> Int { index / shardSize }

    /// Where a batch stands in the plan; nil for one that it does not have.
    package func place(ofBatch batch: Int) -> BatchPlace? {
        guard (0..<batches).contains(batch) else { return nil }
        return BatchPlace(shard: shard(ofBatch: batch), samples: samples(ofBatch: batch))
    }

    /// The batch that a sample is computed in.
    package func batch(ofSample index: Int) -> Int {
        index / shardSize * batchesInShard + index % shardSize / batchSize
    }

    /// Without the sum that could overflow.
    private static func pieces(_ count: Int, of size: Int) -> Int { count / size + (count % size == 0 ? 0 : 1) }
}

/// Samples that end up in one file.
package struct PlannedShard: Sendable, Hashable {
    /// From 0.
    package let number: Int
    /// Numbers of its batches.
    package let batches: Range<Int>
    /// The index of its first sample.
    package let firstIndex: Int
    /// The number of its samples, failed ones included.
    package let count: Int

    /// The indices of its samples.
    package var samples: Range<Int> { firstIndex..<firstIndex + count }
}
