import ArgumentParser
import Arguments
import Foundation
import Planning

/// `seehear ls RUN`: the samples of a run and what became of them.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the samples of a run and what became of them.")

    @OptionGroup var argument: RunArgument

    @Flag(help: "Only samples that failed, with the reason.")
    var failed = false

    @Flag(help: "Print one JSON object per line.")
    var json = false

    func run() throws {
        try Output.reporting {
            let listing = try RunListing(argument.directory)
            let entries = listing.entries.filter { !failed || $0.state == .failed }
            if json {
                for entry in entries { try Output.printJSON(entry, pretty: false) }
            } else {
                print(Output.table(entries.map(Self.row)))
            }
        }
    }

    private static func row(_ entry: RunListing.Entry) -> [String] {
        let last =
            switch entry.state {
            case .ok: entry.shard ?? "in a segment"
            case .failed: "\(entry.kind ?? "failed"): \(entry.message ?? "")"
            case .pending: ""
            }
        return [entry.key, entry.task, entry.state.rawValue] + (last.isEmpty ? [] : [last])
    }
}
