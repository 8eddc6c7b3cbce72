internal import Method
internal import Checkpoint

/// The shapes of a checkpoint's tensors by their names in the network, off which its sizes are read. No weight is.
struct CheckpointShapes {
    /// Channels or classes at most: no network here has a tenth of it, and products of two stay far below overflow.
    private static let limit = 1 << 16

    private let path: String
    private let network: FeatureNetworkName
    private let shapes: [String: [Int]]

    /// - Parameter signature: a key that every such checkpoint has.
    /// - Throws: ``FeatureCheckpointError`` where the keys are another network's.
    init(_ file: WeightFile, _ network: FeatureNetworkName, signature: String) throws(FeatureCheckpointError) {
        let names = KeyWrappers.unwrapped(file.names)
        path = file.path
        self.network = network
        shapes = file.networkShapes
        let found = PublishedNetwork(names)
        guard found == network.published else {
            if let found { throw .otherNetwork(path: path, needed: network, found: found) }
            throw .unknownNetwork(path: path, needed: network, missing: signature, keys: Array(names.prefix(3)))
        }
    }

    /// The outermost size of a tensor: what a layer puts out.
    ///
    /// - Parameter rank: how many dimensions it has.
    /// - Throws: `WeightFileError` where it is not there; ``FeatureCheckpointError`` where it has other dimensions.
    func outputs(_ key: String, rank: Int) throws -> Int {
        guard let shape = shapes[key] else {
            throw WeightFileError.missing(path: path, key: key, shape: nil, hint: nil)
        }
        guard shape.count == rank, let size = shape.first, (1...Self.limit).contains(size) else {
            throw error(key, shape, "\(rank) dimensions, the first of them between 1 and \(Self.limit)")
        }
        return size
    }

    /// How many in a row have a tensor of the name that `key` gives.
    func count(_ key: (Int) -> String) -> Int {
        var count = 0
        while shapes[key(count)] != nil { count += 1 }
        return count
    }

    /// The shape of a tensor; nil where it is not there.
    subscript(key: String) -> [Int]? { shapes[key] }

    func error(_ key: String, _ shape: [Int], _ needed: String) -> FeatureCheckpointError {
        .size(path: path, network: network, key: key, found: shape, needed: needed)
    }
}
