package import Method
internal import ClipSampling
package import Torch

/// I3D with its front end: one row for a clip, its logits.
package struct I3DFeatures: FeatureNetwork {
    /// Clips at a time: 16 frames are 26 MB after the first layer.
    private static let limit = 4

    private let network: I3D
    private let framing: I3DFraming
    private let dtype: DType
    private let device: Device

    package init(_ network: I3D, _ framing: I3DFraming, _ dtype: DType, _ device: Device) {
        self.network = network
        self.framing = framing
        self.dtype = dtype
        self.device = device
    }

    package var width: Int { network.width }
    package var classes: Int? { nil }

    package func features(
        of samples: [FeatureSample]
    ) throws(TorchError) -> [Result<FeatureRows, FeatureInputError>] {
        // Frames in single precision are 9 MB a clip of 16, so that they are made for a few clips at a time.
        var results: [Result<FeatureRows, FeatureInputError>] = []
        for start in stride(from: 0, to: samples.count, by: Self.limit) {
            let inputs = try samples[start..<min(start + Self.limit, samples.count)].map { sample throws(TorchError) in
                if let error = error(in: sample.frames) { return Result<Tensor, FeatureInputError>.failure(error) }
                let (height, width) = (sample.frames[0].height, sample.frames[0].width)
                return .success(try I3DFrames(framing, height: height, width: width)(sample.frames))
            }
            results += try FeatureBatches.run(inputs, limit: Self.limit, dtype: dtype, device: device) {
                (x) throws(TorchError) in (try network(x), nil)
            }
        }
        return results
    }

    /// Why frames are no clip; nil where they are one.
    private func error(in frames: [Image]) -> FeatureInputError? {
        guard frames.count >= I3D.minimumFrames, let first = frames.first else {
            return .tooFewFrames(found: frames.count, needed: I3D.minimumFrames)
        }
        let size = (width: first.width, height: first.height)
        if let other = frames.firstIndex(where: { $0.width != size.width || $0.height != size.height }) {
            return .frameSize(frame: other, found: (frames[other].width, frames[other].height), first: size)
        }
        let limit = I3DFraming.aspectLimit
        guard max(size.width, size.height) <= limit * min(size.width, size.height) else {
            return .tooNarrow(width: size.width, height: size.height, limit: limit)
        }
        return nil
    }
}
