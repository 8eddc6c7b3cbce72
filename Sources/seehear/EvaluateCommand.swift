import ArgumentParser
import Arguments
import Foundation
import Planning
import Scoring

/// `seehear eval`: metrics from features that were taken.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Compute metrics from features that seehear-worker eval has taken.",
        discussion: """
            No network runs here, so that any machine will do. The result is printed and kept beside the features, in \
            evaluation.json, and the values of single samples in scores.jsonl.
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

    func run() throws {
        try Output.reporting {
            func directory(_ path: String) -> RunDirectory {
                RunDirectory(URL(filePath: path, directoryHint: .isDirectory))
            }
            func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
            var expected = [FeatureJob.Side.generated: absolute(evaluation.generated)]
            expected[.reference] = evaluation.reference.map(absolute)
            let (result, table) = try EvaluationReport.write(
                directory(features ?? "\(evaluation.generated)/evaluation"),
                reference: referenceFeatures.map(directory), expected: expected, settings: evaluation.settings)
            if json {
                try Output.printJSON(result)
            } else {
                try Output.line(String(table.text.dropLast()))
            }
        }
    }
}
