/// Why a run could not be guided, or not begun.
package enum AlignerError: Error, CustomStringConvertible {
    /// None of the terms has both of its embeddings: neither a condition nor a caption was given.
    case nothingToAlign([AlignmentTerm])
    /// Streams that run in lock step have schedules of different lengths.
    case unequalSteps([Modality: Int])
    /// Latents and prompt embeddings are not one of each for every stream, of the same number of samples.
    case unequalSamples(streams: Int, latents: [Int], prompts: [Int])

    package var description: String {
        switch self {
        case .nothingToAlign(let terms):
            "guidance needs a condition: none of the terms "
                + terms.map { "(\($0.first), \($0.second))" }.joined(separator: " ") + " has both of its sides."
        case .unequalSteps(let steps):
            "streams in lock step need the same number of steps: "
                + steps.map { "\($0.key) has \($0.value)" }.sorted().joined(separator: ", ") + "."
        case .unequalSamples(let streams, let latents, let prompts):
            "\(streams) streams need a latent and a prompt embedding each, of the same number of samples: latents have "
                + "\(latents) samples, prompts \(prompts)."
        }
    }
}
