package import Evaluation
internal import Files

/// Features of one kind of one side's samples, shard by shard in their order.
package struct FeatureShards: Sendable {
    /// Those of one shard.
    package struct Shard: Sendable {
        /// The samples' names, one for each row of ``values``, or for several: a sound has a row for each of its patches.
        package var names: [String]
        package var values: Matrix
    }

    /// Which feature, and the SHA-256 of the network's file, or its size and time; what two sets must share.
    package let identity: FeatureIdentity
    package let shards: [Shard]

    /// All rows.
    package var all: Matrix { Matrix.concatenated(shards.map(\.values), columns: columns) }
    /// The name of each row.
    package var names: [String] { shards.flatMap(\.names) }
    /// The samples that have rows.
    var samples: Set<ExactText> { Set(names.map(ExactText.init)) }
    /// Values in a row; 0 where there is none.
    package var columns: Int { shards.first { $0.values.rows > 0 }?.values.columns ?? 0 }
    /// How many rows there are.
    package var count: Int { shards.reduce(0) { $0 + $1.values.rows } }

    /// What a Fréchet distance asks: shards are merged in their order, so that nothing depends on who took the features.
    /// - Throws: `StatisticsError`.
    func moments(by algebra: OpenBLAS) throws(StatisticsError) -> Moments {
        var merged = Moments(width: columns)
        for shard in shards where shard.values.rows > 0 {
            merged = try merged.merged(with: Moments(of: shard.values, by: algebra))
        }
        return merged
    }
}

/// What decides the values of a feature: what it is, and the weights that it was taken with.
package struct FeatureIdentity: Sendable, Equatable, Codable, CustomStringConvertible {
    /// As `Feature` writes itself, or for features of another tool the file's name.
    package var feature: String
    /// The network's files by name with their SHA-256; empty where there is no network.
    package var checkpoint: [String: String]

    package init(feature: String, checkpoint: [String: String]) {
        self.feature = feature
        self.checkpoint = checkpoint
    }

    /// The feature, and the files with the beginning of their SHA-256.
    package var description: String {
        let files = checkpoint.sorted { $0.key < $1.key }.map { "\($0.key) (SHA-256 \($0.value.prefix(12))…)" }
        return ([feature] + files).joined(separator: ", ")
    }
}
