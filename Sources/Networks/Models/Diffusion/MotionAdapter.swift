internal import Torch

/// AnimateDiff's motion modules, which stand between the layers of a UNet for still images and tie its outputs for the
/// frames of a clip together. One UNet in memory serves both: the adapter is handed to it with the call.
///
/// Source: diffusers `models/unets/unet_motion_model.py`, `MotionAdapter` and `UNetMotionModel.from_unet2d`; keys are the
/// adapter's state dict's. ``diffusersName(_:)`` gives the same names to the original checkpoints' keys.
package struct MotionAdapter: Sendable {
    package let configuration: Configuration
    /// The most frames that a clip may have.
    package let maximumFrames: Int
    private let downBlocks: [[MotionModule]]
    private let midModule: MotionModule?
    private let upBlocks: [[MotionModule]]

    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(_ c: Configuration, _ w: WeightScope) throws {
        configuration = c
        let plan = try MotionPlan(c)
        maximumFrames = plan.length
        func modules(_ w: WeightScope, level: Int, count: Int) throws -> [MotionModule] {
            try (0..<count).map { try plan.module(w("motion_modules")($0), level: level, layers: plan.layers[level]) }
        }
        let levels = plan.channels.indices
        downBlocks = try levels.map { try modules(w("down_blocks")($0), level: $0, count: plan.depth[$0]) }
        midModule = try plan.midLayers.map {
            try plan.module(w("mid_block.motion_modules")(0), level: levels.upperBound - 1, layers: $0)
        }
        upBlocks = try levels.reversed().enumerated().map { step, level in
            try modules(w("up_blocks")(step), level: level, count: plan.depth[level] + 1)
        }
    }

    /// Checks that every layer of a UNet has its motion module, and every motion module its layer.
    ///
    /// - Throws: ``ConfigurationError`` that names both.
    package func checkFit(_ unet: UNet2DConditionModel.Configuration) throws(ConfigurationError) {
        try MotionPlan(configuration).checkFit(unet)
    }

    fileprivate func level(down level: Int) -> [MotionModule] { downBlocks[level] }
    fileprivate func level(up step: Int) -> [MotionModule] { upBlocks[step] }
    fileprivate var middle: MotionModule? { midModule }
}

/// An adapter at work on clips of one number of frames.
struct MotionFrames: Sendable {
    let adapter: MotionAdapter
    let count: Int

    func down(_ level: Int) -> MotionLevel { MotionLevel(modules: adapter.level(down: level), frames: count) }
    func up(_ step: Int) -> MotionLevel { MotionLevel(modules: adapter.level(up: step), frames: count) }

    /// Between the attention and the second resnet of the middle; the first adapters have no module there.
    func middle(_ x: Tensor) throws(TorchError) -> Tensor { try adapter.middle?(x, frames: count) ?? x }
}

/// The motion modules of one level of the UNet, one after each of its resnets or their attentions.
struct MotionLevel: Sendable {
    let modules: [MotionModule]
    let frames: Int

    func callAsFunction(_ index: Int, _ x: Tensor) throws(TorchError) -> Tensor {
        try modules[index](x, frames: frames)
    }
}
