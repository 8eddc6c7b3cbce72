import ArgumentParser
import Arguments
import Foundation
import Planning
import Scoring

/// `seehear eval`: metrics from features that were taken.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Compute metrics from features that seehear-worker eval has taken, or another tool.",
        discussion: """
            No network runs here, so that any machine will do. The result is printed and kept beside the features, in \
            evaluation.json, and the values of single samples in scores.jsonl. Ends with 3 where a metric could not be \
            computed.

            Features of another tool are given as .npy files, [rows, values] in floating point:

            seehear eval made.npy --names made.txt --reference real.npy --reference-names real.txt --metrics frechet,kad -o RESULT
            """)

    @OptionGroup var evaluation: EvaluationArguments

    @Option(
        help: "The folder of the features; without it the folder `evaluation` of the run.", completion: .directory)
    var features: String?

    @Option(
        help: "The folder of the reference's features, where another evaluation took them.", completion: .directory)
    var referenceFeatures: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    @OptionGroup(title: "Features of another tool") var files: FeatureFileArguments

    func validate() throws {
        try files.check(evaluation)
        if evaluation.isOfFeatureFiles, features != nil || referenceFeatures != nil {
            throw ValidationError(
                "--features and --reference-features are folders of features that seehear-worker eval took: leave them out."
            )
        }
    }

    func run() throws {
        let isComplete = try Output.reporting {
            let (result, table) = try evaluation.isOfFeatureFiles ? ofFiles() : ofRuns()
            if json {
                try Output.printJSON(result)
            } else {
                try Output.line(String(table.text.dropLast()))
            }
            return result.isComplete
        }
        if !isComplete { throw Output.incomplete }
    }

    private func ofRuns() throws -> (result: EvaluationResult, table: EvaluationTable) {
        func directory(_ path: String) -> RunDirectory {
            RunDirectory(URL(filePath: path, directoryHint: .isDirectory))
        }
        var expected = [FeatureJob.Side.generated: Self.absolute(evaluation.generated)]
        expected[.reference] = evaluation.reference.map(Self.absolute)
        return try EvaluationReport.write(
            directory(features ?? "\(evaluation.generated)/evaluation"),
            reference: referenceFeatures.map(directory), expected: expected, settings: evaluation.settings)
    }

    private func ofFiles() throws -> (result: EvaluationResult, table: EvaluationTable) {
        let generated = try FeatureFile(Self.absolute(evaluation.generated), names: files.names ?? "")
        let reference = try evaluation.reference.map {
            try FeatureFile(Self.absolute($0), names: files.referenceNames ?? "")
        }
        return try EvaluationReport.write(
            FeatureFiles(generated, reference: reference), evaluation.statistics(),
            style: evaluation.statisticStyle(), to: files.out ?? "")
    }

    private static func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
}
