package import Checkpoint
package import Torch

/// ImageBind, loaded once for each rank.
package struct BinderModel: Sendable {
    package let tokenizer: SimpleTokenizer
    package let network: ImageBindModel
    package let device: Device
    package let dtype: DType
    private let weights: WeightFile

    /// - Parameter dtype: as in ``AudioLDMModels/init(_:dtype:device:)``.
    /// - Throws: errors of files, configurations and keys, each with file and field.
    package init(_ files: ImageBindFiles, dtype: DType?, device: Device) throws {
        tokenizer = try SimpleTokenizer(vocabulary: files.vocabulary)
        let configuration =
            try files.config.map { try ModelFolder.config(ImageBindModel.Configuration.self, at: $0) } ?? .huge
        weights = try WeightFile.open(files.weights)
        let store = WeightStore(weights, dtype: dtype, device: device)
        network = try ImageBindModel(configuration, store.root)
        try store.finish(unused: ImageBindModel.unused)
        self.device = device
        self.dtype = dtype ?? .float32
    }

    /// Gives the towers' pages back to the system. For when the conditions are embedded: of three towers the loss then
    /// reads one or two, whose pages come back by themselves.
    package func releasePages() { weights.releasePages() }

    /// Embeds captions: `[B, width]`, single precision.
    package func embed(_ captions: [String]) throws -> Tensor {
        let tokens = tokenizer.encode(captions)
        let ids = try Tensor(tokens.ids, shape: [tokens.count, tokens.length]).to(device: device)
        return try network.text(ids).to(.float32)
    }
}
