package import Checkpoint
package import Torch

/// The tensors of one network file, handed out and checked against the shapes that the network expects.
package final class WeightStore {
    private let file: WeightFile
    /// The type that weights are converted to; nil: as they are stored.
    private let dtype: DType?
    private let device: Device
    /// The network's names by the file's, and the other way round.
    private let names: [String: String]
    private let stored: [String: String]
    private var taken: Set<String> = []

    /// - Parameters:
    ///   - dtype: tensors that already have this type stay in the mapped file, uncopied, on the host. nil reads no weight
    ///     at all: enough to check a file against a configuration.
    ///   - networkName: the name by which the network asks for a key of the file, where another program named the keys;
    ///     wrappers are left out before.
    package init(
        _ file: WeightFile, dtype: DType?, device: Device = .cpu, networkName: @escaping (String) -> String = { $0 }
    ) {
        self.file = file
        self.dtype = dtype
        self.device = device
        let pairs = zip(file.names, KeyWrappers.unwrapped(file.names).map(networkName))
        names = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        // Where two keys come to the same name the second is surplus.
        stored = Dictionary(pairs.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The scope of the whole file.
    package var root: WeightScope { WeightScope(store: self, prefix: "") }

    fileprivate func holds(_ key: String) -> Bool { stored[key] != nil }

    fileprivate func take(_ key: String, shape: [Int]) throws -> Tensor {
        if let weight = try fused(key, shape: shape) { return weight }
        let record = try record(key, shape: shape)
        let tensor = try place(Tensor(record))
        // A single number that is stored with a dimension, or without.
        return record.shape == shape ? tensor : try tensor.reshape(shape)
    }

    private func record(_ key: String, shape: [Int]) throws(WeightFileError) -> TensorRecord {
        let record = try file.weight(stored[key] ?? key, shape: shape)
        taken.insert(record.name)
        return record
    }

    /// The weight that is stored as a direction v and a length g for each of its outermost rows, as layers under weight
    /// normalization have it: `g · v / ‖v‖`, the norm over all dimensions but the first, at least in single
    /// precision.
    ///
    /// Source: `torch.nn.utils.weight_norm` (`weight_g`, `weight_v`) and `torch.nn.utils.parametrizations.weight_norm`
    /// (`parametrizations.weight.original0`, `original1`), with their default `dim=0`.
    /// - Returns: nil where it is stored as it is used.
    private func fused(_ key: String, shape: [Int]) throws -> Tensor? {
        guard stored[key] == nil, let dot = key.lastIndex(of: "."), let rows = shape.first, shape.count > 1 else {
            return nil
        }
        let (layer, name) = (key[...dot], key[key.index(after: dot)...])
        let parametrized = "\(layer)parametrizations.\(name).original"
        let forms: [(length: String, direction: String)] = [
            ("\(key)_g", "\(key)_v"), ("\(parametrized)0", "\(parametrized)1"),
        ]
        guard let form = forms.first(where: { stored[$0.length] != nil && stored[$0.direction] != nil }) else {
            return nil
        }
        let length = try record(form.length, shape: [rows] + [Int](repeating: 1, count: shape.count - 1))
        let direction = try record(form.direction, shape: shape)
        // Only the files are checked.
        guard let dtype else { return try Tensor(direction) }
        let wide = dtype == .float64 ? dtype : .float32
        let (g, v) = (try Tensor(length).to(wide).reshape([rows, 1]), try Tensor(direction).to(wide))
        let flat = try v.reshape([rows, -1])
        return try place((flat * (g / flat.norm(1, keep: true))).reshape(shape))
    }

    fileprivate func place(_ tensor: Tensor) throws(TorchError) -> Tensor { try tensor.to(dtype, device: device) }

    /// Ends the loading of a network.
    ///
    /// - Parameter unused: whether a key that nobody took, by its name in the network, is a known part that this program
    ///   has no use for, such as an encoder where only the decoder runs.
    /// - Throws: `WeightFileError.surplus`: file and configuration belong to different models.
    package func finish(unused: (String) -> Bool = { _ in false }) throws {
        try file.requireUsed(taken, ignoring: { unused(names[$0] ?? $0) })
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
