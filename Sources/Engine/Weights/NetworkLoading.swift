package import Checkpoint
package import Torch

extension ModelFolder {
    /// Loads one network of the folder: its configuration, then its weights, every one of which must be used.
    ///
    /// - Parameters:
    ///   - dtype: as in ``WeightStore``; nil only checks the files.
    ///   - unused: keys of known parts that nobody needs.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package func network<C: Decodable, N>(
        _ component: ModelComponent, dtype: DType?, device: Device, _ make: (C, WeightScope) throws -> N,
        unused: (String) -> Bool = { _ in false }
    ) throws -> N {
        let store = WeightStore(try weights(component), dtype: dtype, device: device)
        let network = try make(config(C.self, of: component), store.root)
        try store.finish(unused: unused)
        return network
    }
}
