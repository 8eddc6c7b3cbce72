/// The coupled UNet of MM-Diffusion as a list of layers.
///
/// Source: `multimodal_unet.py` of researchmm/MM-Diffusion, the constructor of `MultimodalUNet`.
struct MultimodalPlan {
    /// A residual block of both modalities.
    struct Residual: Equatable {
        let inputs: Int
        let outputs: Int
        /// Of the sound's convolution.
        let dilation: Int
        let hasVideoAttention: Bool
        let hasAudioAttention: Bool
        let resampling: MapResampling?
    }

    enum Layer: Equatable {
        /// The first convolutions.
        case first
        case residual(Residual)
        /// Attention between the modalities; `window` counts frames.
        case cross(channels: Int, window: Int, isShifted: Bool)
    }

    /// Block by block, in the order of the keys `input_blocks`, `middle_blocks`, `output_blocks`.
    let input: [[Layer]]
    let middle: [Layer]
    let output: [[Layer]]

    init(_ c: MultimodalConfiguration) {
        func dilation(_ depth: Int) -> Int { 1 << (depth % 10) }
        /// The blocks of a level that neither shrink nor enlarge.
        func block(_ level: Int, inputs: Int, _ depth: Int) -> [Layer] {
            let outputs = c.channels * c.multipliers[level]
            var layers = [
                Layer.residual(
                    Residual(
                        inputs: inputs, outputs: outputs, dilation: dilation(depth),
                        hasVideoAttention: c.attention[level], hasAudioAttention: false, resampling: nil))
            ]
            if let window = c.windows[level] {
                layers.append(.cross(channels: outputs, window: window, isShifted: true))
            }
            return layers
        }
        func resampling(_ channels: Int, _ depth: Int, _ way: MapResampling) -> Layer {
            .residual(
                Residual(
                    inputs: channels, outputs: channels, dilation: dilation(depth), hasVideoAttention: false,
                    hasAudioAttention: false, resampling: way))
        }

        var (depth, channels) = (1, c.channels * c.multipliers[0])
        var skips = [channels]
        var input: [[Layer]] = [[.first]]
        for level in c.multipliers.indices {
            for _ in 0..<c.blocksPerLevel {
                input.append(block(level, inputs: channels, depth))
                channels = c.channels * c.multipliers[level]
                skips.append(channels)
                depth += 1
            }
            if level < c.multipliers.count - 1 {
                input.append([resampling(channels, depth, .down)])
                skips.append(channels)
                depth += 1
            }
        }
        let widest = channels
        let middle = Layer.residual(
            Residual(
                inputs: channels, outputs: channels, dilation: dilation(depth), hasVideoAttention: true,
                hasAudioAttention: true, resampling: nil))
        depth -= 1
        var output: [[Layer]] = []
        for level in c.multipliers.indices.reversed() {
            for place in 0...c.blocksPerLevel {
                var layers = block(level, inputs: channels + skips.removeLast(), depth)
                channels = c.channels * c.multipliers[level]
                depth -= 1
                // The enlarging block has the depth of the one that follows it.
                if level > 0, place == c.blocksPerLevel { layers.append(resampling(channels, depth, .up)) }
                output.append(layers)
            }
        }
        self.input = input
        self.middle = [middle, .cross(channels: widest, window: c.frames, isShifted: false), middle]
        self.output = output
    }

    /// How many shifts each shifted attention draws from, in the order in which they run: 0 to that, itself left out.
    func shiftRanges(frames: Int) -> [Int] {
        (input + [middle] + output).flatMap { $0 }.compactMap { layer in
            if case .cross(_, let window, true) = layer { frames - window + 1 } else { nil }
        }
    }
}
