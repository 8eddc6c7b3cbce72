internal import Checkpoint
package import Method
package import Torch

/// The coupled UNet of MM-Diffusion: the noise in a video and in its sound, in pixels and samples.
///
/// Source: Ruan et al., MM-Diffusion (arXiv 2212.09478); `multimodal_unet.py` of researchmm/MM-Diffusion, whose state dict the keys
/// are.
package struct MultimodalUNet: Sendable {
    package let configuration: MultimodalConfiguration
    /// How many shifts each shifted attention draws from, in the order in which they run: 0 to that, itself left out.
    package let shiftRanges: [Int]
    private let timeEmbedding: TimestepEmbedding
    private let input: [[Layer]]
    private let middle: [Layer]
    private let output: [[Layer]]
    private let videoOut: (norm: GroupNorm, conv: Conv3d)
    private let audioOut: (norm: GroupNorm, conv: Conv1d)

    private enum Layer {
        case first(video: SpatialTemporalConvolution, audio: Conv1d)
        case residual(MultimodalResidualBlock)
        case cross(CrossModalAttention, isShifted: Bool)
    }

    /// - Throws: `WeightFileError`.
    package init(_ c: MultimodalConfiguration, _ w: WeightScope) throws {
        configuration = c
        let plan = MultimodalPlan(c)
        shiftRanges = plan.shiftRanges(frames: c.frames)
        timeEmbedding = try TimestepEmbedding(
            w("time_embed.0"), w("time_embed.2"), width: c.channels, hidden: c.channels, cosineFirst: true,
            frequencyShift: 0)
        func block(_ layers: [MultimodalPlan.Layer], _ w: WeightScope) throws -> [Layer] {
            try layers.enumerated().map { place, layer in
                let w = w(place)
                switch layer {
                case .first:
                    return .first(
                        video: try SpatialTemporalConvolution(
                            w("video_conv"), c.videoChannels, c.channels * c.multipliers[0]),
                        audio: try Conv1d(
                            w("audio_conv.audio_conv"), c.audioChannels, c.channels * c.multipliers[0], kernel: 3,
                            padding: 1))
                case .residual(let plan):
                    return .residual(
                        try MultimodalResidualBlock(w, plan, timeWidth: c.channels, heads: c.heads))
                case .cross(let channels, let window, let isShifted):
                    return .cross(
                        try CrossModalAttention(w, channels: channels, headChannels: c.headChannels, window: window),
                        isShifted: isShifted)
                }
            }
        }
        input = try plan.input.enumerated().map { try block($1, w("input_blocks")($0)) }
        middle = try block(plan.middle, w("middle_blocks"))
        output = try plan.output.enumerated().map { try block($1, w("output_blocks")($0)) }
        let width = c.channels * c.multipliers[0]
        videoOut = (
            try GroupNorm(multimodal: w("video_out.0"), width),
            try Conv3d(
                w("video_out.2.video_conv"), width, c.videoChannels, SamePlaces([3, 3, 3], stride: [1, 1, 1]),
                bias: true)
        )
        audioOut = (
            try GroupNorm(multimodal: w("audio_out.0"), width),
            try Conv1d(w("audio_out.2.audio_conv"), width, c.audioChannels, kernel: 3, padding: 1)
        )
    }

    /// What the network is told of a run's timesteps, laid on its device ahead.
    package func table(of timesteps: [Double], dtype: DType, device: Device) throws(TorchError) -> TimestepTable {
        try TimestepTable(timesteps, timeEmbedding, dtype: dtype, device: device)
    }

    /// Predicts the noise of both.
    ///
    /// - Parameters:
    ///   - video: `[B, F, 3, H, W]`.
    ///   - audio: `[B, 1, L]`.
    ///   - waves: of the timestep, the same for all: ``TimestepTable/waves(of:)``.
    ///   - windows: of this network, for as many samples.
    ///   - shifts: `[B, attentions]`, int64, on the device: for each sample one of each of ``shiftRanges``.
    ///   - trace: hears of every layer, by its key and the modality: `[B, F, C, H, W]` and `[B, C, L]`.
    /// - Returns: of the shapes of both.
    /// - Throws: ``TorchError/refused(operation:message:)`` for other sizes than the configuration's.
    package func callAsFunction(
        video: Tensor, audio: Tensor, waves: Tensor, windows: ShiftedWindows, shifts: Tensor, trace: NetworkTrace? = nil
    ) throws(TorchError) -> (video: Tensor, audio: Tensor) {
        try check(video, audio)
        let neighbours = try windows.rows(shifts)
        let (frames, side) = (video.size(1), video.size(3))
        let time = try timeEmbedding(waves).silu()
        var x = MultimodalFeatures(
            video: try video.permute([0, 1, 3, 4, 2]).reshape([video.size(0), frames, side * side, video.size(2)])
                .permute([0, 3, 1, 2]).arrangedAsMap(),
            height: side, width: side, audio: try audio.unsqueeze(2).arrangedAsMap())
        var number = 0
        func run(_ block: [Layer], _ name: String) throws(TorchError) {
            for (place, layer) in block.enumerated() {
                switch layer {
                case .first(let video, let audio):
                    let sound = try audio(x.audio)
                    x = try video(x)
                    x.audio = sound
                case .residual(let block): x = try block(x, time: time)
                case .cross(let attention, let isShifted):
                    x = try attention(x, neighbours: isShifted ? neighbours[number] : nil)
                    number += isShifted ? 1 : 0
                }
                try trace.map { trace throws(TorchError) in try Self.show(x, "\(name).\(place)", trace) }
            }
        }
        var skips: [MultimodalFeatures] = []
        for (place, block) in input.enumerated() {
            try run(block, "input_blocks.\(place)")
            skips.append(x)
        }
        try run(middle, "middle_blocks")
        for (place, block) in output.enumerated() {
            x = try x.joined(with: skips.removeLast())
            try run(block, "output_blocks.\(place)")
        }
        let pixels = try videoOut.norm.silu(x.video)
        let spread = try pixels.permute([0, 2, 3, 1])
            .reshape([pixels.size(0), frames, side, side, pixels.size(1)]).permute([0, 4, 1, 2, 3])
        return (
            try videoOut.conv(spread).transpose(1, 2).contiguous(),
            try audioOut.conv(audioOut.norm.silu(x.audio)).squeeze(2).contiguous()
        )
    }

    private static func show(
        _ x: MultimodalFeatures, _ name: String, _ trace: NetworkTrace
    ) throws(TorchError) {
        let frames = try x.framesApart()
        trace(
            "\(name).vision", try frames.reshape([x.video.size(0), x.frames, frames.size(1), x.height, x.width]))
        trace("\(name).audio", try x.audio.squeeze(2))
    }

    private func check(_ video: Tensor, _ audio: Tensor) throws(TorchError) {
        let c = configuration
        let batch = video.size(0)
        guard video.shape == [batch, c.frames, c.videoChannels, c.side, c.side],
            audio.shape == [batch, c.audioChannels, c.samples]
        else {
            throw .refused(
                operation: MultimodalConfiguration.model,
                message: "a video of \(video.shape) and a sound of \(audio.shape), where \(c.frames) frames of "
                    + "\(c.side) pixels each way and \(c.samples) samples are needed")
        }
    }
}

extension MultimodalUNet {
    /// Reads `landscape.pt` or `AIST++.pt`.
    ///
    /// - Parameters:
    ///   - settings: what the file does not tell.
    ///   - dtype: nil checks keys and shapes and reads no weight.
    /// - Throws: ``ConfigurationError``, `WeightFileError`.
    package init(
        path: String, _ settings: CoupledModelSettings = .published, dtype: DType? = .float32, device: Device
    ) throws {
        let file = try WeightFile.open(path)
        let store = WeightStore(file, dtype: dtype, device: device)
        try self.init(MultimodalConfiguration(file, settings), store.root)
        try store.finish()
    }
}
