package import Checkpoint
package import Torch

extension ModelFolder {
    /// Loads one network of the folder: its configuration, then its weights, every one of which must be used.
    ///
    /// - Parameters:
    ///   - file: the weights, where the caller wants to keep a hand on them; nil: those of the component.
    ///   - dtype: as in ``WeightStore``; nil only checks the files.
    ///   - unused: keys of known parts that nobody needs.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package func network<C: Decodable, N>(
        _ component: ModelComponent, file: WeightFile? = nil, dtype: DType?, device: Device,
        _ make: (C, WeightScope) throws -> N,
        unused: (String) -> Bool = { _ in false }
    ) throws -> N {
        let store = WeightStore(try file ?? weights(component), dtype: dtype, device: device)
        let network = try make(config(C.self, of: component), store.root)
        try store.finish(unused: unused)
        return network
    }
}
