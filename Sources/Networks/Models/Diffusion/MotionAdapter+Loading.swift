package import Checkpoint
package import Torch

extension MotionAdapter {
    /// Loads an adapter in either layout.
    ///
    /// - Parameter dtype: as in ``WeightStore``; nil only checks the files.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package init(_ files: MotionAdapterFiles, dtype: DType?, device: Device) throws {
        let file = try WeightFile.open(files.weights)
        try Self.refuseWholeUNet(file)
        let configuration =
            try files.config.map { try ModelFolder.config(Configuration.self, at: $0) }
            ?? Configuration(inferredFrom: file)
        let store = WeightStore(file, dtype: dtype, device: device, networkName: Self.diffusersName)
        self = try MotionAdapter(configuration, store.root)
        try store.finish(unused: Self.unused)
    }

    /// A checkpoint of AnimateDiff's training, or a UNet that has its motion modules in it, holds the layers for still
    /// images too. They may have been trained as well, so leaving them out silently would be wrong.
    private static func refuseWholeUNet(_ file: WeightFile) throws(WeightFileError) {
        let names = KeyWrappers.unwrapped(file.names)
        guard names.contains(where: { $0.contains("motion_modules.") }),
            let other = zip(file.names, names).first(where: {
                $1.contains(".resnets.") || $1.hasPrefix("time_embedding.") || $1.contains(".attentions.")
            })
        else { return }
        throw .wholeUNet(path: file.path, key: other.0)
    }
}
