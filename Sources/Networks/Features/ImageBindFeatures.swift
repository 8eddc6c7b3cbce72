package import Method
internal import ClipSampling
package import Torch

/// ImageBind with one of its front ends: one embedding a sample, as the tower gives it (cosines take off its length).
package struct ImageBindFeatures: FeatureNetwork {
    /// Samples at a time: a film is up to fifteen clips.
    private static let limit = 4

    private let binder: BinderModel
    private let input: BindInput
    private let sound: ImageBindAudioInput

    /// - Parameter binder: shared by all of its front ends.
    package init(_ binder: BinderModel, _ input: BindInput) throws(TorchError) {
        self.binder = binder
        self.input = input
        sound = try ImageBindAudioInput(Self.clips(of: input), device: .cpu)
    }

    package var width: Int { binder.network.configuration.outEmbedDim }
    package var classes: Int? { nil }

    package func features(
        of samples: [FeatureSample]
    ) throws(TorchError) -> [Result<FeatureRows, FeatureInputError>] {
        var results: [Result<FeatureRows, FeatureInputError>] = []
        for start in stride(from: 0, to: samples.count, by: Self.limit) {
            let part = samples[start..<min(start + Self.limit, samples.count)]
            switch input {
            case .video(let view):
                results += try embedded(part.map { sample throws(TorchError) in try seen(sample, view) }) {
                    (x) throws(TorchError) in try binder.network.vision(x)
                }
            case .audio:
                results += try embedded(part.map { sample throws(TorchError) in try heard(sample) }) {
                    (x) throws(TorchError) in try binder.network.audio(x)
                }
            case .caption:
                results += try embedded(part.map { sample throws(TorchError) in try told(sample) }) {
                    (x) throws(TorchError) in try binder.network.text(x)
                }
            }
        }
        return results
    }

    private func embedded(
        _ inputs: [Result<Tensor, FeatureInputError>], _ tower: (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> [Result<FeatureRows, FeatureInputError>] {
        let dtype = input == .caption ? DType.int64 : binder.dtype
        return try FeatureBatches.run(inputs, limit: Self.limit, dtype: dtype, device: binder.device) {
            (x) throws(TorchError) in (try tower(x).to(.float32), nil)
        }
    }

    private func seen(
        _ sample: FeatureSample, _ view: BindInput.VideoView
    ) throws(TorchError) -> Result<Tensor, FeatureInputError> {
        switch (sample.seen[view], view) {
        case (nil, _): .failure(.nothingSeen)
        case (.picture(let picture), _): .success(try ImageBindVisionInput.image(picture).squeeze(0))
        case (.clips(let clips), .loop): .success(try ImageBindVisionInput.clips(clips).squeeze(0))
        case (.clips(let clips), .imagebind):
            .success(try ImageBindVisionInput.crops(clips, cubic: false).squeeze(0))
        case (.clips(let clips), .avBenchmark):
            .success(try ImageBindVisionInput.crops(clips, cubic: true).squeeze(0))
        }
    }

    /// All channels at the binder's rate, since it takes the mean of all of them off the one that it hears.
    private func heard(_ sample: FeatureSample) throws(TorchError) -> Result<Tensor, FeatureInputError> {
        let rate = ImageBindSpectrogram.sampleRate
        let channels: [[Float]]
        do throws(FeatureInputError) {
            guard let sound = sample.sound else { throw .noSound }
            channels = try sound.checked().channels.map { SincResampler.resampled($0, from: sound.rate, to: rate) }
            guard channels[0].count >= rate / 10 else {
                throw .tooShort(samples: channels[0].count, needed: rate / 10, rate: rate)
            }
        } catch {
            return .failure(error)
        }
        let settings = Self.clips(of: input)
        let wave = try Tensor(channels.flatMap { $0 }, shape: [1, channels.count, channels[0].count])
        let clips = settings.clips(in: Double(channels[0].count) / Double(rate))
        return .success(try sound(wave, clips: clips).squeeze(0))
    }

    private func told(_ sample: FeatureSample) throws(TorchError) -> Result<Tensor, FeatureInputError> {
        guard let caption = sample.caption else { return .failure(.noCaption) }
        let tokens = binder.tokenizer.encode([caption])
        return .success(try Tensor(tokens.ids, shape: [tokens.length]))
    }

    private static func clips(of input: BindInput) -> ClipSettings {
        if case .audio(.imagebind) = input { .imageBindLoaders(clips: 3) } else { .imageBind }
    }
}
