/// What moves latents between the sampler's steps, or nothing. Each case is an algorithm, with its settings.
package enum Guidance: Sendable, Equatable {
    /// The plain pipeline: the paper's "vanilla" baseline.
    case off
    /// Gradient steps on the latent between the sampler's steps: Algorithm 1 of the paper.
    case aligner(AlignerSettings)

    /// Gradient steps of a whole run.
    package func innerSteps(timesteps: [Double]) -> Int {
        switch self {
        case .off: 0
        case .aligner(let aligner): aligner.guidedSteps(timesteps: timesteps).count { $0 } * aligner.innerSteps
        }
    }
}

extension Guidance: Codable {
    /// Reads `"off"` or the aligner's settings.
    package init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let word = try? single.decode(String.self) {
            guard word == "off" else {
                throw DecodingError.dataCorruptedError(in: single, debugDescription: "guidance is `\(word)`, not off")
            }
            self = .off
        } else {
            self = .aligner(try single.decode(AlignerSettings.self))
        }
    }

    /// Writes `"off"` or the aligner's settings.
    package func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        switch self {
        case .off: try single.encode("off")
        case .aligner(let aligner): try single.encode(aligner)
        }
    }
}
