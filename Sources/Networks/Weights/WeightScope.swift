package import Checkpoint
package import Torch

/// The tensors of one network file, handed out and checked against the shapes that the network expects.
package final class WeightStore {
    private let file: WeightFile
    /// The type that weights are converted to; nil: as they are stored.
    private let dtype: DType?
    private let device: Device
    private let networkName: (String) -> String
    /// The file's names by the network's.
    private let stored: [String: String]
    private var taken: Set<String> = []

    /// - Parameters:
    ///   - dtype: tensors that already have this type stay in the mapped file, uncopied, on the host. nil reads no weight
    ///     at all: enough to check a file against a configuration.
    ///   - networkName: the name by which the network asks for a key of the file, where another program named the keys.
    package init(
        _ file: WeightFile, dtype: DType?, device: Device = .cpu, networkName: @escaping (String) -> String = { $0 }
    ) {
        self.file = file
        self.dtype = dtype
        self.device = device
        self.networkName = networkName
        // Where two keys come to the same name the second is surplus.
        stored = Dictionary(file.names.map { (networkName($0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The scope of the whole file.
    package var root: WeightScope { WeightScope(store: self, prefix: "") }

    fileprivate func holds(_ key: String) -> Bool { stored[key] != nil }

    fileprivate func take(_ key: String, shape: [Int]) throws -> Tensor {
        let record = try file.record(stored[key] ?? key, shape: shape)
        taken.insert(record.name)
        return try place(Tensor(record))
    }

    fileprivate func place(_ tensor: Tensor) throws(TorchError) -> Tensor { try tensor.to(dtype, device: device) }

    /// Ends the loading of a network.
    ///
    /// - Parameter unused: whether a key that nobody took, by its name in the network, is a known part that this program
    ///   has no use for, such as an encoder where only the decoder runs.
    /// - Throws: `WeightFileError.surplus`: file and configuration belong to different models.
    package func finish(unused: (String) -> Bool = { _ in false }) throws {
        try file.requireUsed(taken, ignoring: { unused(networkName($0)) })
        // What was converted, rearranged or sent to a device is not needed here any more; the rest comes back by itself.
        file.releasePages()
    }
}

/// A place in the tree of a network's keys, such as `up_blocks.0.resnets`.
package struct WeightScope {
    private let store: WeightStore
    private let prefix: String

    init(store: WeightStore, prefix: String) {
        self.store = store
        self.prefix = prefix
    }

    /// The place one level or several below.
    package func callAsFunction(_ name: String) -> WeightScope {
        WeightScope(store: store, prefix: prefix + name + ".")
    }
    package func callAsFunction(_ index: Int) -> WeightScope { self("\(index)") }

    /// Whether the tensor is there.
    package func holds(_ name: String) -> Bool { store.holds(prefix + name) }

    /// Takes a tensor of a known shape.
    ///
    /// - Throws: `WeightFileError` with file, key and both shapes; ``TorchError`` where no memory is left.
    package func tensor(_ name: String, _ shape: [Int]) throws -> Tensor { try store.take(prefix + name, shape: shape) }

    /// A tensor that was computed, in the type and on the device of those that are read.
    func place(_ tensor: Tensor) throws(TorchError) -> Tensor { try store.place(tensor) }
}
