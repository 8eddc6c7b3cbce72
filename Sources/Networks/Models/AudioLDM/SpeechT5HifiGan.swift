package import Method
package import Torch

/// The vocoder: a log-mel spectrogram becomes a waveform.
///
/// Source: transformers `models/speecht5/modeling_speecht5.py`, `SpeechT5HifiGan`; keys are its state dict's.
package struct SpeechT5HifiGan: Sendable {
    package let configuration: Configuration
    private let convPre: Conv1d
    private let upsamplers: [ConvTranspose1d]
    private let blocks: [[ResidualBlock]]
    private let convPost: Conv1d
    private let mean: Tensor
    private let scale: Tensor

    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(_ c: Configuration, _ w: WeightScope) throws {
        configuration = c
        try c.check()
        let first = c.upsampleInitialChannel
        convPre = try Conv1d(w("conv_pre"), c.modelInDim, first, kernel: 7, padding: 3)
        let kernels = c.resblockKernelSizes.count
        upsamplers = try zip(c.upsampleRates, c.upsampleKernelSizes).enumerated().map { i, pair in
            try ConvTranspose1d(
                w("upsampler")(i), first >> i, first >> (i + 1), kernel: pair.1, stride: pair.0,
                padding: (pair.1 - pair.0) / 2)
        }
        blocks = try upsamplers.indices.map { level in
            try (0..<kernels).map { k in
                try ResidualBlock(
                    w("resblocks")(level * kernels + k), channels: first >> (level + 1),
                    kernel: c.resblockKernelSizes[k],
                    dilations: c.resblockDilationSizes[k], slope: c.slope)
            }
        }
        convPost = try Conv1d(w("conv_post"), first >> upsamplers.count, 1, kernel: 7, padding: 3)
        mean = try w.tensor("mean", [c.modelInDim])
        scale = try w.tensor("scale", [c.modelInDim])
    }

    /// - Parameters:
    ///   - mel: `[B, frames, modelInDim]`, log scale.
    ///   - memory: what is kept for the gradient.
    /// - Returns: `[B, samples]` in −1…1. A few samples more than frames × ``Configuration/samplesPerFrame`` where an
    ///   upsampling kernel does not divide evenly; the pipeline cuts them off at the end.
    package func callAsFunction(_ mel: Tensor, memory: MemoryPolicy = .high) throws(TorchError) -> Tensor {
        var mel = mel
        if configuration.normalizeBefore ?? true { mel = try (mel - mean) / scale }
        var h = try convPre(mel.transpose(1, 2).unsqueeze(2).arrangedAsMap())  // (B, C, 1, T)
        for level in upsamplers.indices {
            h = try memory.run(.plain, [h]) { [self] inputs throws(TorchError) in try enlarged(level, inputs[0]) }
        }
        // torch's default slope here, not the configuration's.
        return try convPost(h.leakyReLU(0.01)).tanh().reshape([mel.size(0), -1])
    }

    /// One upsampling, and the mean of the residual blocks after it.
    private func enlarged(_ level: Int, _ x: Tensor) throws(TorchError) -> Tensor {
        let h = try upsamplers[level](x.leakyReLU(configuration.slope))
        var sum = try blocks[level][0](h)
        for block in blocks[level].dropFirst() { sum = try sum + block(h) }
        return try sum * (1 / Double(blocks[level].count))
    }

    /// Pairs of convolutions, the first of each dilated, each pair added to its input.
    private struct ResidualBlock: Sendable {
        let dilated: [Conv1d]
        let plain: [Conv1d]
        let slope: Double

        init(_ w: WeightScope, channels: Int, kernel: Int, dilations: [Int], slope: Double) throws {
            dilated = try dilations.enumerated().map { i, dilation in
                try Conv1d(
                    w("convs1")(i), channels, channels, kernel: kernel, padding: (kernel * dilation - dilation) / 2,
                    dilation: dilation)
            }
            plain = try dilations.indices.map {
                try Conv1d(w("convs2")($0), channels, channels, kernel: kernel, padding: (kernel - 1) / 2)
            }
            self.slope = slope
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            var x = x
            for (first, second) in zip(dilated, plain) {
                x = try second(first(x.leakyReLU(slope)).leakyReLU(slope)) + x
            }
            return x
        }
    }
}

extension SpeechT5HifiGan {
    /// `config.json`, by transformers' names.
    package struct Configuration: Decodable, Sendable {
        package let modelInDim: Int
        package let samplingRate: Int
        package let upsampleInitialChannel: Int
        package let upsampleRates: [Int]
        package let upsampleKernelSizes: [Int]
        package let resblockKernelSizes: [Int]
        package let resblockDilationSizes: [[Int]]
        package let leakyReluSlope: Double?
        package let normalizeBefore: Bool?

        enum CodingKeys: String, CodingKey {
            case modelInDim = "model_in_dim"
            case samplingRate = "sampling_rate"
            case upsampleInitialChannel = "upsample_initial_channel"
            case upsampleRates = "upsample_rates"
            case upsampleKernelSizes = "upsample_kernel_sizes"
            case resblockKernelSizes = "resblock_kernel_sizes"
            case resblockDilationSizes = "resblock_dilation_sizes"
            case leakyReluSlope = "leaky_relu_slope"
            case normalizeBefore = "normalize_before"
        }

        var slope: Double { leakyReluSlope ?? 0.1 }

        /// Samples that one spectrogram frame becomes.
        package var samplesPerFrame: Int { upsampleRates.reduce(1, *) }

        fileprivate func check() throws(ConfigurationError) {
            let model = "SpeechT5HifiGan"
            let sizes =
                upsampleRates + upsampleKernelSizes + resblockKernelSizes + resblockDilationSizes.flatMap { $0 }
                + [modelInDim, samplingRate, upsampleInitialChannel]
            if let bad = sizes.first(where: { $0 < 1 || $0 > 1 << 20 }) {
                throw ConfigurationError(model, "a size", found: "\(bad)", expected: "a number between 1 and 2^20")
            }
            guard !upsampleRates.isEmpty, upsampleRates.count == upsampleKernelSizes.count, upsampleRates.count < 20,
                zip(upsampleRates, upsampleKernelSizes).allSatisfy({ $0 <= $1 })
            else {
                throw ConfigurationError(
                    model, "upsample_kernel_sizes", found: "\(upsampleKernelSizes)",
                    expected: "one kernel for each of \(upsampleRates), none smaller than its rate")
            }
            guard !resblockKernelSizes.isEmpty, resblockKernelSizes.count == resblockDilationSizes.count else {
                throw ConfigurationError(
                    model, "resblock_dilation_sizes", found: "\(resblockDilationSizes)",
                    expected: "one list for each of \(resblockKernelSizes)")
            }
            guard upsampleInitialChannel >> upsampleRates.count >= 1 else {
                throw ConfigurationError(
                    model, "upsample_initial_channel", found: "\(upsampleInitialChannel)",
                    expected: "at least 2^\(upsampleRates.count)")
            }
        }
    }
}
