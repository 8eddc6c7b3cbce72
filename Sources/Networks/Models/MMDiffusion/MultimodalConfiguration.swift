package import Checkpoint
package import Method

/// The sizes of MM-Diffusion's coupled UNet. Its files hold tensors alone: what they cannot tell is said by
/// ``CoupledModelSettings``.
package struct MultimodalConfiguration: Sendable, Equatable {
    /// Of the first level.
    package let channels: Int
    /// Of each level, the finest first.
    let multipliers: [Int]
    let blocksPerLevel: Int
    /// Whether the frames of a level, and the times of a pixel, attend to each other.
    let attention: [Bool]
    /// Frames that attention between the modalities reaches over, at each level; nil for one without.
    let windows: [Int?]
    let videoChannels: Int
    let audioChannels: Int
    /// Of attention within a modality, at every width.
    let heads: Int
    /// The width of a head of attention between the modalities.
    let headChannels: Int
    package let frames: Int
    /// Of a frame, in pixels; they are square.
    package let side: Int
    /// Of a sound.
    package let samples: Int

    static let model = "MultimodalUNet"

    /// Groups of channels of every norm.
    static let groups = 32

    /// Reads the sizes off a file.
    ///
    /// - Throws: `WeightFileError` where the tensors are another network's; ``ConfigurationError`` where they do not go with the
    ///   settings.
    package init(_ file: WeightFile, _ settings: CoupledModelSettings) throws {
        let reader = UNetShapes(file, model: Self.model, purpose: "a file of MM-Diffusion's base model")
        channels = try reader.sizes("time_embed.0.weight", rank: 2)[0]
        let first = "input_blocks.0.0"
        videoChannels = try reader.sizes("\(first).video_conv.video_conv_spatial.weight", rank: 4)[1]
        audioChannels = try reader.sizes("\(first).audio_conv.audio_conv.weight", rank: 3)[1]
        func convolution(_ layer: String) -> String { "\(layer).video_in_layers.2.video_conv_spatial.weight" }
        let levels = try reader.levels(convolution)
        blocksPerLevel = levels.blocks
        var (multipliers, attention, windows) = ([Int](), [Bool](), [Int?]())
        var left = settings.windows[...]
        for block in levels.first {
            multipliers.append(try reader.multiplier(convolution("\(block).0"), of: channels))
            attention.append(reader.holds("\(block).0.spatial_attention_block.qkv.weight"))
            let crosses = reader.holds("\(block).1.v_qkv.weight")
            guard !crosses || !left.isEmpty else { throw Self.windowCount(settings) }
            windows.append(crosses ? left.removeFirst() : nil)
        }
        guard left.isEmpty else { throw Self.windowCount(settings) }
        (self.multipliers, self.attention, self.windows) = (multipliers, attention, windows)
        (heads, headChannels) = (settings.heads, settings.headChannels)
        (frames, side, samples) = (settings.frames, settings.side, settings.samples)
        try check()
    }

    private static func windowCount(_ settings: CoupledModelSettings) -> ConfigurationError {
        ConfigurationError(
            model, "windows", found: "\(settings.windows)",
            expected: "one for each level of the file with attention between the modalities")
    }

    private func check() throws(ConfigurationError) {
        func require(_ holds: Bool, _ field: String, _ found: Any, _ expected: String) throws(ConfigurationError) {
            guard holds else { throw ConfigurationError(Self.model, field, found: "\(found)", expected: expected) }
        }
        let widths = multipliers.map { $0 * channels }
        let levels = multipliers.count
        for width in widths {
            try require(
                width.isMultiple(of: Self.groups), "time_embed.0.weight", "\(width) channels at a level",
                "a multiple of \(Self.groups)")
            try require(width.isMultiple(of: heads), "heads", heads, "a divisor of \(width) channels")
        }
        for (width, window) in zip(widths, windows) {
            guard let window else { continue }
            try require(
                width.isMultiple(of: headChannels), "head_channels", headChannels, "a divisor of \(width) channels")
            try require((1...frames).contains(window), "windows", window, "a number of the \(frames) frames")
        }
        try require(
            (widths.last ?? 0).isMultiple(of: headChannels), "head_channels", headChannels,
            "a divisor of \(widths.last ?? 0) channels")
        try require(
            side.isMultiple(of: 1 << (levels - 1)), "size", side, "a multiple of \(1 << (levels - 1))")
        // What is shrunk fourfold at each level is cut into one run for each frame.
        let unit = frames << (2 * (levels - 1))
        try require(samples.isMultiple(of: unit), "samples", samples, "a multiple of \(unit)")
    }
}
