package import Method

/// Why a run cannot begin.
package enum SamplerError: Error, CustomStringConvertible {
    /// Streams that run in lock step have schedules of different lengths.
    case unequalSteps([Modality: Int])
    /// Latents and prompt embeddings are not one of each for every stream, of the same number of samples.
    case unequalSamples(streams: Int, latents: [Int], prompts: [Int])

    package var description: String {
        switch self {
        case .unequalSteps(let steps):
            "streams in lock step need the same number of steps: "
                + steps.map { "\($0.key) has \($0.value)" }.sorted().joined(separator: ", ") + "."
        case .unequalSamples(let streams, let latents, let prompts):
            "\(streams) streams need their latents and a prompt embedding each, of the same number of samples: latents "
                + "have \(latents) samples, prompts \(prompts)."
        }
    }
}
