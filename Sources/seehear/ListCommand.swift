import ArgumentParser
import Arguments
import Files
import Foundation
import Method
import Planning
import Scoring
import Shard

/// `seehear ls RUN`: the samples of a run and what became of them.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the samples of a run and what became of them.",
        discussion: """
            The score is the binder's, from -1 to 1: how well what was made agrees with what steered it, or a video with \
            its sound. Where guides worked with the binder, it is in their objective: so marked, it says which sample of \
            a run is the better one, and not how good they are.

            Of a run that was evaluated, --sort takes the metrics as well that samples have values of, such as kl or av-align.
            """)

    @OptionGroup var argument: RunArgument

    @Flag(help: "Only samples that failed, with the reason.")
    var failed = false

    @Option(help: "Only samples of this task.")
    var task: GenerationTask?

    @Option(
        help: ArgumentHelp(
            "Only samples whose key is this, or fits it: * is any text, ? one character.", valueName: "pattern"))
    var key: String?

    @Option(help: ArgumentHelp("Not more samples than these.", valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "index for the order of the plan, key, score from the highest on, loss for the last losses from the lowest on, or a metric of an evaluation from the highest value on.",
            valueName: "what"))
    var sort = "index"

    @Option(
        help: "The folder of the evaluation with that metric; without it the folder `evaluation` of the run.",
        completion: .directory)
    var evaluation: String?

    @Flag(help: "The other way round; samples without a score, loss or value stay last.")
    var reverse = false

    @Flag(help: "Print one JSON object per line.")
    var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit): give a number from 1 on.") }
        guard evaluation == nil || named == nil else {
            throw ValidationError("--evaluation goes with --sort METRIC.")
        }
    }

    private var named: RunListing.Order? { RunListing.Order.named.first { $0.word == sort }?.order }

    func run() throws {
        try Output.reporting {
            var order = named ?? .index
            var values: [ExactText: [String: Double]] = [:]
            if named == nil {
                _ = try Run.describe(argument.directory)
                let found = try EvaluatedValues(of: argument.directory, in: evaluation, metric: sort)
                (order, values) = (.metric(found.metric), found.scores.samples)
                if let note = found.note { Output.complain(note) }
            }
            let listing = try RunListing(argument.directory, values: values)
            let hasScores = try !json && listing.hasScores()
            var table = Table()
            let pattern = key.map { KeyPattern($0) }
            let isWanted = { (entry: RunListing.Entry) in
                (!failed || entry.state == .failed) && (task.map { entry.task == $0.rawValue } ?? true)
                    && (pattern?.fits(entry.key) ?? true)
            }
            var listed = 0
            try listing.forEach(by: order, reversed: reverse, where: isWanted) { entry in
                listed += 1
                guard listed <= limit ?? .max else { return }
                if json {
                    try Output.printJSON(entry, pretty: false)
                } else {
                    try table.add(Self.row(entry, hasScores: hasScores, order))
                }
            }
            try table.finish()
        }
    }

    private static func row(_ entry: RunListing.Entry, hasScores: Bool, _ order: RunListing.Order) -> [String] {
        let last =
            switch entry.state {
            case .ok: entry.shard ?? "in a segment"
            case .failed: "\(entry.kind ?? "failed"): \(entry.message ?? "")"
            case .pending: ""
            }
        return [entry.key, entry.task, entry.state.rawValue] + (hasScores ? [score(entry)] : [])
            + value(entry, order) + (last.isEmpty ? [] : [last])
    }

    private static func score(_ entry: RunListing.Entry) -> String {
        guard let score = entry.score else { return "-" }
        return String(format: "%.4f", score) + (entry.inObjective == true ? " in objective" : "")
    }
    private static func value(_ entry: RunListing.Entry, _ order: RunListing.Order) -> [String] {
        guard case .metric(let name) = order else { return [] }
        return ["\(name) \(entry.values?[name]?.fiveFigures ?? "-")"]
    }
}
