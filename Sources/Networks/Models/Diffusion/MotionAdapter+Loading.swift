package import Checkpoint
package import Torch

extension MotionAdapter {
    /// Loads an adapter in either layout.
    ///
    /// - Parameter dtype: as in ``WeightStore``; nil only checks the files.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package init(_ files: MotionAdapterFiles, dtype: DType?, device: Device) throws {
        let file = try WeightFile.open(files.weights)
        let configuration =
            try files.config.map { try ModelFolder.config(Configuration.self, at: $0) }
            ?? Configuration(inferredFrom: file)
        let store = WeightStore(file, dtype: dtype, device: device, networkName: Self.diffusersName)
        self = try MotionAdapter(configuration, store.root)
        try store.finish(unused: Self.unused)
    }
}
