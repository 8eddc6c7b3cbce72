package import Method
package import Torch

/// PaSST with its front end: one row of features and the logits of AudioSet's classes, of the first 10 s.
package struct PaSSTFeatures: FeatureNetwork {
    /// Sounds at a time: 1190 tokens each.
    private static let limit = 8

    private let network: PaSST
    private let sound: SoundInput
    private let spectrogram: PaSSTSpectrogram
    private let dtype: DType
    private let device: Device

    package init(_ network: PaSST, _ style: WaveStyle, _ dtype: DType, _ device: Device) throws(TorchError) {
        self.network = network
        self.dtype = dtype
        self.device = device
        spectrogram = try PaSSTSpectrogram()
        sound = SoundInput(style: style, rate: PaSSTSpectrogram.rate)
    }

    package var width: Int { network.width }
    package var classes: Int? { network.classes }

    package func features(
        of samples: [FeatureSample]
    ) throws(TorchError) -> [Result<FeatureRows, FeatureInputError>] {
        let inputs = try sound(samples) { (wave) throws(TorchError) in try spectrogram(wave) }
        return try FeatureBatches.run(inputs, limit: Self.limit, dtype: dtype, device: device) {
            (x) throws(TorchError) in
            let (features, logits) = try network(x)
            return (features, logits)
        }
    }
}
