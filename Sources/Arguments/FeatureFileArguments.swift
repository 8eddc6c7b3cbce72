package import ArgumentParser
internal import Method

/// What has to be said of features that another tool took.
package struct FeatureFileArguments: ParsableArguments {
    @Option(
        help: "A text file with the sample's name for each row of what was generated, one a line.", completion: .file())
    package var names: String?

    @Option(help: "The same for the rows of the reference.", completion: .file())
    package var referenceNames: String?

    @Flag(help: "The arrays hold a classifier's logits, so that kl, kl-sigmoid and inception can be computed.")
    package var logits = false

    @Option(
        name: .shortAndLong, help: "The folder for evaluation.json and scores.jsonl; made if it does not exist.",
        completion: .directory)
    package var out: String?

    package init() {}

    /// Throws where something is missing, or was said of features that are those of a run.
    package func check(_ evaluation: EvaluationArguments) throws {
        guard evaluation.isOfFeatureFiles else {
            let given = [
                ("names", names != nil), ("reference-names", referenceNames != nil), ("logits", logits),
                ("out", out != nil),
            ]
            for (option, isGiven) in given where isGiven {
                throw ValidationError("--\(option) goes with features in .npy files: leave it out.")
            }
            return
        }
        try evaluation.checkFeatureFiles()
        if let statistic = try evaluation.statistics().first(where: \.usesLogits), !logits {
            throw ValidationError(
                "\(statistic.rawValue) is computed of a classifier's logits: say with --logits that the arrays hold them."
            )
        }
        guard names != nil else {
            throw ValidationError("say with --names whose each row of \(evaluation.generated) is.")
        }
        guard (referenceNames != nil) == (evaluation.reference != nil) else {
            throw ValidationError(
                evaluation.reference.map { "say with --reference-names whose each row of \($0) is." }
                    ?? "--reference-names goes with --reference.")
        }
        guard out != nil else { throw ValidationError("say with -o in which folder the result shall be kept.") }
    }
}
