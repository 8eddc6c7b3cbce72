internal import Checkpoint
package import Torch

/// The UNet that enlarges MM-Diffusion's frames fourfold, one by one: the noise in a large picture, beside the small one.
///
/// Source: guided-diffusion's `SuperResModel` (Dhariwal & Nichol, arXiv 2105.05233), whose state dict the keys are.
package struct SuperResolutionUNet: Sendable {
    package let configuration: SuperResolutionConfiguration
    private let timeEmbedding: TimestepEmbedding
    private let convIn: Conv2d
    private let input: [[Layer]]
    private let middle: [Layer]
    private let output: [[Layer]]
    private let normOut: GroupNorm
    private let convOut: Conv2d

    private enum Layer {
        case residual(ResidualBlock)
        case attention(LegacyAttention)
    }

    /// - Throws: `WeightFileError`.
    package init(_ c: SuperResolutionConfiguration, _ w: WeightScope) throws {
        configuration = c
        let hidden = 4 * c.channels
        timeEmbedding = try TimestepEmbedding(
            w("time_embed.0"), w("time_embed.2"), width: c.channels, hidden: hidden, cosineFirst: true,
            frequencyShift: 0)
        func block(
            _ w: WeightScope, _ inputs: Int, _ outputs: Int, attends: Bool, enlarges: Bool = false
        ) throws -> [Layer] {
            var layers = [Layer.residual(try ResidualBlock(w(0), inputs, outputs, timeWidth: hidden, nil))]
            if attends { layers.append(.attention(try LegacyAttention(w(1), channels: outputs, heads: c.heads))) }
            if enlarges {
                layers.append(
                    .residual(try ResidualBlock(w(layers.count), outputs, outputs, timeWidth: hidden, .up)))
            }
            return layers
        }
        convIn = try Conv2d(w("input_blocks.0.0"), c.inputs, c.channels * c.multipliers[0], kernel: 3, padding: 1)
        var channels = c.channels * c.multipliers[0]
        var skips = [channels]
        var input: [[Layer]] = []
        func place(_ block: [Layer], _ outputs: Int) {
            input.append(block)
            channels = outputs
            skips.append(outputs)
        }
        for (level, multiplier) in c.multipliers.enumerated() {
            for _ in 0..<c.blocksPerLevel {
                let w = w("input_blocks")(input.count + 1)
                let outputs = c.channels * multiplier
                place(try block(w, channels, outputs, attends: c.attention[level]), outputs)
            }
            if level < c.multipliers.count - 1 {
                let w = w("input_blocks")(input.count + 1)
                place([.residual(try ResidualBlock(w(0), channels, channels, timeWidth: hidden, .down))], channels)
            }
        }
        self.input = input
        let m = w("middle_block")
        middle = [
            .residual(try ResidualBlock(m(0), channels, channels, timeWidth: hidden, nil)),
            .attention(try LegacyAttention(m(1), channels: channels, heads: c.heads)),
            .residual(try ResidualBlock(m(2), channels, channels, timeWidth: hidden, nil)),
        ]
        var output: [[Layer]] = []
        for level in c.multipliers.indices.reversed() {
            for place in 0...c.blocksPerLevel {
                let outputs = c.channels * c.multipliers[level]
                output.append(
                    try block(
                        w("output_blocks")(output.count), channels + skips.removeLast(), outputs,
                        attends: c.attention[level], enlarges: level > 0 && place == c.blocksPerLevel))
                channels = outputs
            }
        }
        self.output = output
        normOut = try GroupNorm(w("out.0"), channels, groups: MultimodalConfiguration.groups, eps: 1e-5)
        convOut = try Conv2d(w("out.2"), channels, c.outputs, kernel: 3, padding: 1)
    }

    /// Reads `landscape_SR.pt` or `AIST++_SR.pt`.
    ///
    /// - Parameter dtype: nil checks keys and shapes and reads no weight.
    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(path: String, dtype: DType? = .float32, device: Device) throws {
        let file = try WeightFile.open(path)
        let store = WeightStore(file, dtype: dtype, device: device)
        try self.init(SuperResolutionConfiguration(file), store.root)
        try store.finish()
    }

    /// What the network is told of a run's timesteps, laid on its device ahead.
    package func table(of timesteps: [Double], dtype: DType, device: Device) throws(TorchError) -> TimestepTable {
        try TimestepTable(timesteps, timeEmbedding, dtype: dtype, device: device)
    }

    /// Predicts the noise in pictures, and how its variance is mixed.
    ///
    /// - Parameters:
    ///   - x: `[N, 3, S, S]`, a multiple of ``SuperResolutionConfiguration/unit`` each way.
    ///   - low: `[N, 3, s, s]`, −1 … 1 where the base model keeps to that; neither clamped nor rounded.
    ///   - waves: of the timestep, the same for all: ``TimestepTable/waves(of:)``.
    ///   - trace: hears of every layer, by its key: `[N, C, H, W]`.
    /// - Returns: `[N, 6, S, S]`: the noise, and −1 … 1 between the smallest variance and the largest.
    package func callAsFunction(
        _ x: Tensor, low: Tensor, waves: Tensor, trace: NetworkTrace = { _, _ in }
    ) throws(TorchError) -> Tensor {
        let unit = configuration.unit
        guard x.rank == 4, x.size(2).isMultiple(of: unit), x.size(3).isMultiple(of: unit) else {
            throw .refused(
                operation: SuperResolutionConfiguration.model,
                message: "pictures of \(x.shape), whose sides are no multiples of \(unit)")
        }
        let time = try timeEmbedding(waves).silu()
        let enlarged = try low.resizedBilinear(height: x.size(2), width: x.size(3), antialias: false)
        var h = try convIn(Tensor.cat([x, enlarged], 1).arrangedAsMap())
        trace("input_blocks.0.0", h)
        func run(_ block: [Layer], _ name: String) throws(TorchError) {
            for (place, layer) in block.enumerated() {
                switch layer {
                case .residual(let block): h = try block(h, time: time)
                case .attention(let attention): h = try attention(h)
                }
                trace("\(name).\(place)", h)
            }
        }
        var skips = [h]
        for (place, block) in input.enumerated() {
            try run(block, "input_blocks.\(place + 1)")
            skips.append(h)
        }
        try run(middle, "middle_block")
        for (place, block) in output.enumerated() {
            h = try Tensor.cat([h, skips.removeLast()], 1)
            try run(block, "output_blocks.\(place)")
        }
        return try convOut(normOut.silu(h))
    }

    /// A residual block that is told the time by a scale and a shift, and resamples before its first convolution.
    private struct ResidualBlock: Sendable {
        let normIn: GroupNorm
        let convIn: Conv2d
        let time: Linear
        let normOut: GroupNorm
        let convOut: Conv2d
        let skip: Conv2d?
        let resampling: MapResampling?

        init(
            _ w: WeightScope, _ inputs: Int, _ outputs: Int, timeWidth: Int,
            _ resampling: MapResampling?
        ) throws {
            let groups = MultimodalConfiguration.groups
            normIn = try GroupNorm(w("in_layers.0"), inputs, groups: groups, eps: 1e-5)
            convIn = try Conv2d(w("in_layers.2"), inputs, outputs, kernel: 3, padding: 1)
            time = try Linear(w("emb_layers.1"), timeWidth, 2 * outputs)
            normOut = try GroupNorm(w("out_layers.0"), outputs, groups: groups, eps: 1e-5)
            convOut = try Conv2d(w("out_layers.3"), outputs, outputs, kernel: 3, padding: 1)
            skip = inputs == outputs ? nil : try Conv2d(w("skip_connection"), inputs, outputs, kernel: 1)
            self.resampling = resampling
        }

        func callAsFunction(_ x: Tensor, time embedding: Tensor) throws(TorchError) -> Tensor {
            var h = try convIn(resampled(normIn.silu(x)))
            let film = try time(embedding).unsqueeze(2).unsqueeze(3).chunks(2, 1)
            h = try convOut((normOut(h) * (film[0] + 1) + film[1]).silu())
            let x = try resampled(x)
            return try h + (skip.map { skip throws(TorchError) in try skip(x) } ?? x)
        }

        private func resampled(_ x: Tensor) throws(TorchError) -> Tensor {
            try resampling?(x, height: 2, width: 2) ?? x
        }
    }

    /// Attention over all places of a map, added to it; the channels of one head's query, key and value stand together.
    private struct LegacyAttention: Sendable {
        let norm: GroupNorm
        let project: TokenProjection
        let output: TokenProjection
        let heads: Int

        init(_ w: WeightScope, channels: Int, heads: Int) throws {
            norm = try GroupNorm(w("norm"), channels, groups: MultimodalConfiguration.groups, eps: 1e-5)
            project = try TokenProjection(w("qkv"), channels, 3 * channels)
            output = try TokenProjection(w("proj_out"), channels, channels)
            self.heads = heads
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let (count, channels, height, width) = (x.size(0), x.size(1), x.size(2), x.size(3))
            let tokens = try norm(x).permute([0, 2, 3, 1]).reshape([count, height * width, channels])
            let parts = try project(tokens).reshape([count, height * width, heads, 3, channels / heads])
                .permute([3, 0, 2, 1, 4])  // [3, N, heads, tokens, width]
            func part(_ index: Int) throws(TorchError) -> Tensor {
                try parts.narrow(0, from: index, count: 1).squeeze(0)
            }
            let mixed = try Tensor.attention(part(0), part(1), part(2)).transpose(1, 2)
                .reshape([count, height, width, channels])
            return try output(mixed).permute([0, 3, 1, 2]).arrangedAsMap() + x
        }
    }
}
