internal import Method
internal import Checkpoint
package import Torch

/// A network whose sizes are read off its published file.
protocol PublishedFeatureNetwork: Sendable {
    /// What the tensors' shapes say.
    associatedtype Sizes: PublishedSizes

    init(_ sizes: Sizes, _ w: WeightScope) throws
}

/// The sizes of a network as its file has them.
protocol PublishedSizes {
    static var network: FeatureNetworkName { get }
    /// A key that every such file has.
    static var signature: String { get }

    init(_ shapes: CheckpointShapes) throws

    /// Whether a key is of a known part that nobody here needs.
    func unused(_ key: String) -> Bool
}

extension PublishedFeatureNetwork {
    /// Loads the network from its published file.
    ///
    /// - Throws: ``FeatureCheckpointError``, `WeightFileError`: a key that is missing or left over, a wrong shape, another network.
    init(path: String, dtype: DType, device: Device) throws {
        let (file, sizes) = try Self.checked(path)
        let store = WeightStore(file, dtype: dtype, device: device)
        self = try Self(sizes, store.root)
        try store.finish(unused: sizes.unused)
    }

    /// Holds every key and shape against the others. No weight is read.
    ///
    /// - Throws: as ``init(path:dtype:device:)``.
    @discardableResult
    static func checked(_ path: String) throws -> (file: WeightFile, sizes: Sizes) {
        let file = try WeightFile.open(path)
        let sizes = try Sizes(CheckpointShapes(file, Sizes.network, signature: Sizes.signature))
        let store = WeightStore(file, dtype: nil)
        _ = try Self(sizes, store.root)
        try store.finish(unused: sizes.unused)
        return (file, sizes)
    }
}

/// What a network computes on its way, by the names of its layers in the published file.
package typealias NetworkTrace = (String, Tensor) -> Void
