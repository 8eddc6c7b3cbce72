package import Checkpoint

/// The sizes of MM-Diffusion's super-resolution UNet, all of which its file tells but the number of heads.
package struct SuperResolutionConfiguration: Sendable, Equatable {
    /// Of the first level.
    let channels: Int
    /// Of each level, the finest first.
    let multipliers: [Int]
    let blocksPerLevel: Int
    /// Whether the blocks of a level end with attention.
    let attention: [Bool]
    /// Of the picture that is made and the small one beside it.
    let inputs: Int
    /// Noise, and how its variance is mixed.
    let outputs: Int
    let heads: Int

    /// Which no file tells; `sr_num_heads` of the official script.
    private static let heads = 4

    static let model = "SuperResModel"

    /// - Throws: `WeightFileError` where the tensors are another network's; ``ConfigurationError``.
    package init(_ file: WeightFile) throws {
        let reader = UNetShapes(file, model: Self.model, purpose: "a file of MM-Diffusion's super-resolution model")
        channels = try reader.sizes("time_embed.0.weight", rank: 2)[1]
        inputs = try reader.sizes("input_blocks.0.0.weight", rank: 4)[1]
        outputs = try reader.sizes("out.2.weight", rank: 4)[0]
        let levels = try reader.levels { "\($0).in_layers.2.weight" }
        blocksPerLevel = levels.blocks
        var (multipliers, attention) = ([Int](), [Bool]())
        for block in levels.first {
            multipliers.append(try reader.multiplier("\(block).0.in_layers.2.weight", of: channels))
            attention.append(reader.holds("\(block).1.qkv.weight"))
        }
        (self.multipliers, self.attention, self.heads) = (multipliers, attention, Self.heads)
        for width in multipliers.map({ $0 * channels })
        where !width.isMultiple(of: MultimodalConfiguration.groups) || !width.isMultiple(of: heads) {
            throw ConfigurationError(
                Self.model, "time_embed.0.weight", found: "\(width) channels at a level",
                expected: "a multiple of \(MultimodalConfiguration.groups) groups and \(heads) heads")
        }
        guard inputs == 6, outputs == 6 else {
            throw ConfigurationError(
                Self.model, "input_blocks.0.0.weight", found: "\(inputs) channels in and \(outputs) out",
                expected: "6 of each: two pictures in, noise and its variance out")
        }
    }

    /// Sides of pictures are multiples of this.
    package var unit: Int { 1 << (multipliers.count - 1) }
}
