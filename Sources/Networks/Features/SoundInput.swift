internal import Method
internal import Torch

/// A sound as a network hears it: prepared in a style, then as a tensor.
struct SoundInput: Sendable {
    let style: WaveStyle
    let rate: Int

    /// - Parameters:
    ///   - samples: those without a sound, or with one that is no use, become errors.
    ///   - least: samples at ``rate`` that the network needs.
    func callAsFunction(
        _ samples: [FeatureSample], least: Int = 1, _ tensor: ([Float]) throws(TorchError) -> Tensor
    ) throws(TorchError) -> [Result<Tensor, FeatureInputError>] {
        try samples.map { sample throws(TorchError) in
            switch wave(sample, least: least) {
            case .success(let wave): .success(try tensor(wave))
            case .failure(let error): .failure(error)
            }
        }
    }

    private func wave(_ sample: FeatureSample, least: Int) -> Result<[Float], FeatureInputError> {
        do throws(FeatureInputError) {
            guard let sound = sample.sound else { throw .noSound }
            let wave = try style.prepared(sound, rate: rate)
            guard wave.count >= least else { throw .tooShort(samples: wave.count, needed: least, rate: rate) }
            return .success(wave)
        } catch {
            return .failure(error)
        }
    }
}
