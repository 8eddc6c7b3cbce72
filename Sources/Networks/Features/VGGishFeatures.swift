package import Method
package import Torch

/// VGGish with its front end: a row of features for each patch of 0.96 s.
package struct VGGishFeatures: FeatureNetwork {
    /// Patches at a time: 50 MB after the first layer.
    private static let limit = 32

    private let network: VGGish
    private let sound: SoundInput
    private let examples: VGGishExamples
    private let dtype: DType
    private let device: Device

    package init(_ network: VGGish, _ style: WaveStyle, _ dtype: DType, _ device: Device) throws(TorchError) {
        self.network = network
        self.dtype = dtype
        self.device = device
        examples = try VGGishExamples()
        sound = SoundInput(style: style, rate: VGGishExamples.rate)
    }

    package var width: Int { network.width }
    package var classes: Int? { nil }

    package func features(
        of samples: [FeatureSample]
    ) throws(TorchError) -> [Result<FeatureRows, FeatureInputError>] {
        let inputs = try sound(samples, least: VGGishExamples.leastSamples) { (wave) throws(TorchError) in
            try examples(wave)
        }
        let patches = inputs.compactMap { try? $0.get() }
        guard !patches.isEmpty else { return inputs.map { $0.map { _ in FeatureRows(features: []) } } }
        // All patches of all sounds, in order: how they are cut into batches says nothing of whose they are.
        let all = try Tensor.cat(patches, 0)
        var numbers: [Float] = []
        for start in stride(from: 0, to: all.size(0), by: Self.limit) {
            let part = try all.narrow(0, from: start, count: min(Self.limit, all.size(0) - start))
            numbers += try network(part.to(dtype, device: device)).floats()
        }
        var place = 0
        return inputs.map { input in
            input.flatMap { patches in
                let count = patches.size(0) * width
                defer { place += count }
                return FeatureBatches.checked(FeatureRows(features: Array(numbers[place..<(place + count)])))
            }
        }
    }
}
