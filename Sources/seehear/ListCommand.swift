import ArgumentParser
import Arguments
import Foundation
import Planning

/// `seehear ls RUN`: the samples of a run and what became of them.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the samples of a run and what became of them.",
        discussion: """
            The score is the binder's, from -1 to 1: how well what was made agrees with what steered it, or a video with \
            its sound. Where guides worked with the binder, it is in their objective: so marked, it says which sample of \
            a run is the better one, and not how good they are.
            """)

    @OptionGroup var argument: RunArgument

    @Flag(help: "Only samples that failed, with the reason.")
    var failed = false

    @Option(
        help: ArgumentHelp(
            "In the order of the plan, of keys, of scores from the highest on, or of the last losses from the lowest on.",
            valueName: "what"))
    var sort = RunListing.Order.index

    @Flag(help: "The other way round; samples without a score or loss stay last.")
    var reverse = false

    @Flag(help: "Print one JSON object per line.")
    var json = false

    func run() throws {
        try Output.reporting {
            let listing = try RunListing(argument.directory)
            let hasScores = try !json && listing.hasScores()
            var table = Table()
            try listing.forEach(by: sort, reversed: reverse, where: { !failed || $0.state == .failed }) { entry in
                if json {
                    try Output.printJSON(entry, pretty: false)
                } else {
                    try table.add(Self.row(entry, hasScores: hasScores))
                }
            }
            try table.finish()
        }
    }

    private static func row(_ entry: RunListing.Entry, hasScores: Bool) -> [String] {
        let last =
            switch entry.state {
            case .ok: entry.shard ?? "in a segment"
            case .failed: "\(entry.kind ?? "failed"): \(entry.message ?? "")"
            case .pending: ""
            }
        return [entry.key, entry.task, entry.state.rawValue] + (hasScores ? [score(entry)] : [])
            + (last.isEmpty ? [] : [last])
    }

    private static func score(_ entry: RunListing.Entry) -> String {
        guard let score = entry.score else { return "-" }
        return String(format: "%.4f", score) + (entry.inObjective == true ? " in objective" : "")
    }
}

extension RunListing.Order: ExpressibleByArgument {}
