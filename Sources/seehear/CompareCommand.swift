import ArgumentParser
import Scoring

/// `seehear compare A B`: two evaluations, metric by metric.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compare two evaluations, metric by metric.",
        discussion: """
            Shows both values and their difference, B less A. Of metrics that are means of samples also the mean difference \
            of samples of the same name, with its 95 % interval by bootstrap over these pairs.

            Values of other numbers of samples, variants, features, styles or checkpoints are not comparable: what differs \
            is said, and no difference shown.
            """)

    @Argument(help: "The folder of an evaluation, or a run with a folder `evaluation`.", completion: .directory)
    var a: String

    @Argument(help: "Another.", completion: .directory)
    var b: String

    @Flag(help: "Show differences of values that are not comparable as well; what differs is still said.")
    var anyway = false

    @Flag(help: "Print the comparison as JSON.")
    var json = false

    func run() throws {
        try Output.reporting {
            let comparison = EvaluationComparison(
                try EvaluationFolder(a), try EvaluationFolder(b), anyway: anyway)
            if json { return try Output.printJSON(comparison) }
            let table = ComparisonTable(comparison)
            try Output.table(table.rows)
            for remark in table.remarks { try Output.line(remark) }
        }
    }
}
