internal import Goldens

/// How far one stage of one step is from what is expected, and how far it may be.
package struct StageDifference: Sendable {
    /// The run, and the trace of the sample.
    package let run: String
    package let trace: String
    /// Step, modality and stage, such as `003.audio.grad_z`, by the reference's names.
    package let name: String
    /// Relative rms.
    package let difference: Double
    package let tolerance: Double

    /// The name without its step.
    package var stage: String { Self.stage(of: name) }

    package var isWithin: Bool { difference <= tolerance }

    /// Whether it is of what a step is forced to begin with, which is equal by itself.
    package var isForced: Bool { name.hasSuffix(".z_in") || name.hasSuffix(".y_in") }

    /// A name without its step.
    package static func stage(of name: String) -> String {
        name.split(separator: ".").filter { !$0.allSatisfy(\.isNumber) }.joined(separator: ".")
    }
}

extension StageDifference: CustomStringConvertible {
    package var description: String { "\(run), \(trace), \(name): \(difference), of \(tolerance)" }
}

/// How far a stage in single precision may be from the reference's trace, as relative rms.
///
/// 2e-5 for what is computed forward and 5e-3 for gradients, against a floor of single precision of up to 9e-6 and 2e-3
/// (fp32 against fp64, measured on the reference itself). With a second update in one step both start from a latent that
/// Adam has moved by ±λ by the sign of gradients near zero: floors 2.3e-4 and 7e-3.
package enum StageTolerance {
    /// Of a run that is forced, step by step, to begin where the reference's did.
    package static func single(_ name: String) -> Double {
        if name.hasSuffix("grad_y") { return 2e-2 }
        if name.hasSuffix("grad_z") { return 5e-3 }
        if name.hasSuffix("z_out") { return 2e-3 }
        // The same arithmetic, on the host.
        if name == "cond.image_in" { return 1e-6 }
        if name == "cond.clips_in" { return 2e-6 }
        return 2e-5
    }

    /// Of the end of a run by plain descent that is forced nowhere: nothing is discontinuous, so that whole runs stay together.
    package static let freeSound = 1e-3
    /// The same of pixels: a byte is half of 1/255 away from its number at most, and pixels have a mean of about one half.
    package static let freePixels = 3e-3
}
