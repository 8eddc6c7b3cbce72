/// Why the aligner cannot guide a run.
package enum AlignerError: Error, CustomStringConvertible {
    /// None of the terms has both of its embeddings: neither a condition nor a caption was given.
    case nothingToAlign([AlignmentTerm])

    package var description: String {
        switch self {
        case .nothingToAlign(let terms):
            "guidance needs a condition: none of the terms "
                + terms.map { "(\($0.first), \($0.second))" }.joined(separator: " ") + " has both of its sides."
        }
    }
}
