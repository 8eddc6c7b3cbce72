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
            var table = Table()
            try RunListing(argument.directory).forEach { entry in
                guard !failed || entry.state == .failed else { return }
                if json { try Output.printJSON(entry, pretty: false) } else { try table.add(Self.row(entry)) }
            }
            try table.finish()
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
