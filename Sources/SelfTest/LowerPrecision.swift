internal import Parity
internal import Torch

/// A precision that is measured against double precision, and what it may cost.
enum LowerPrecision: String, CaseIterable {
    case fp32, tf32, bf16, fp16

    var dtype: DType {
        switch self {
        case .fp32, .tf32: .float32
        case .bf16: .bfloat16
        case .fp16: .float16
        }
    }

    /// How far a stage may be, as relative rms.
    ///
    /// Half precision: twice ``cost(of:)`` times the spacing of its numbers at 1, 2⁻⁷ for bf16 and 2⁻¹⁰ for fp16. TF32 has fp16's
    /// spacing and rounds where fp16 does, but less often: 2e-3, and where fp16 itself costs more, what it was measured to cost.
    func tolerance(_ name: String) -> Double {
        // Computed in single precision whatever the networks are in.
        if name.hasPrefix("cond.") && name.hasSuffix("_in") { return StageTolerance.single(name) }
        let stage = StageDifference.stage(of: name)
        if let gradient = gradient(stage) { return gradient }
        switch self {
        case .fp32: return StageTolerance.single(name)
        case .tf32: return max(2e-3, Self.cost(of: stage) * 0x1p-10)
        case .bf16: return 2 * Self.cost(of: stage) * 0x1p-7
        case .fp16: return 2 * Self.cost(of: stage) * 0x1p-10
        }
    }

    /// What a stage was measured to cost in units of the spacing at 1: on a CPU, by 5 cases, bf16 and fp16 alike within a factor of 2.
    /// What comes after classifier-free guidance, which makes differences 7.5 times larger for frames, costs most.
    private static func cost(of stage: String) -> Double {
        switch stage {
        case "audio.eps", "audio.x0", "audio.wave": 2.5
        case "audio.mel", "audio.bind_in", "loss": 2
        case "audio.z_prev": 5
        case "audio.emb": 4
        // Rounding decides about single signs, and Adam goes by signs.
        case "audio.z_out": 25
        case "vision.eps", "vision.emb": 13
        case "vision.z_prev", "vision.z_out": 10
        case "vision.x0": 20
        case "vision.pixels": 25
        case "vision.bind_in": 38
        default: 3.5
        }
    }

    /// Gradients of networks that nobody trained are ill-conditioned: 2e-3 is the floor of single precision. In half precision they
    /// frames keep the direction of theirs, where 1 is a gradient of zeros: measured 0.64 in bf16, 0.13 in fp16. Audio's lose it in
    /// bf16, 0.66 to 0.97 by the order of its sums, so that all there is to see is whether it is finite; 0.50 in fp16.
    private func gradient(_ stage: String) -> Double? {
        guard stage.hasSuffix("grad_z") || stage.hasSuffix("grad_y") else { return nil }
        switch self {
        case .fp32: return StageTolerance.single(stage)
        case .tf32: return 0.3
        case .bf16: return stage == "audio.grad_z" ? 2 : 0.95
        case .fp16: return stage == "audio.grad_z" ? 1 : 0.3
        }
    }
}
