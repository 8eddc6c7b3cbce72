package import Method
package import Torch

/// CNN14 with its front end: one row of features and the logits of AudioSet's classes.
package struct CNN14Features: FeatureNetwork {
    /// Sounds at a time: 10 s are 16 MB after the first layer.
    private static let limit = 8

    private let network: CNN14
    private let sound: SoundInput
    private let spectrum: CNN14Spectrum
    private let dtype: DType
    private let device: Device

    package init(_ network: CNN14, _ style: WaveStyle, _ dtype: DType, _ device: Device) throws(TorchError) {
        self.network = network
        self.dtype = dtype
        self.device = device
        spectrum = try CNN14Spectrum()
        sound = SoundInput(style: style, rate: CNN14Spectrum.rate)
    }

    package var width: Int { network.width }
    package var classes: Int? { network.classes }

    package func features(
        of samples: [FeatureSample]
    ) throws(TorchError) -> [Result<FeatureRows, FeatureInputError>] {
        let inputs = try sound(samples) { (wave) throws(TorchError) in
            try network.logMel(spectrum(wave).to(device: device)).to(.float32)
        }
        return try FeatureBatches.run(inputs, limit: Self.limit, dtype: dtype, device: device) {
            (x) throws(TorchError) in
            let (features, logits) = try network(x)
            return (features, logits)
        }
    }
}
