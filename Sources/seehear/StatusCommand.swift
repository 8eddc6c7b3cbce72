import ArgumentParser
import Arguments
import Foundation
import Planning

/// `seehear status RUN`: how far a run is.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how far a run is.",
        discussion: "Reads the run's files alone, so it works on any machine that sees them.")

    @OptionGroup var argument: RunArgument

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print a line every few seconds until the run is complete or stopped.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between two lines of --watch. (default: 5.0)", valueName: "seconds"))
    var interval: Double?

    func validate() throws {
        guard let interval else { return }
        guard watch else { throw ValidationError("--interval goes with --watch.") }
        guard (0.1...3600).contains(interval) else {
            throw ValidationError("--interval must be from 0.1 to 3600 seconds.")
        }
    }

    func run() throws {
        try Output.reporting {
            var reader = try RunStatusReader(argument.directory)
            var status = try reader.read()
            while watch {
                if json { try Output.printJSON(status, pretty: false) } else { try Output.line(Self.line(status)) }
                try Output.flush()
                if status.state == .complete || status.state == .stopped { return }
                Thread.sleep(forTimeInterval: interval ?? 5)
                status = try reader.read()
            }
            if json { try Output.printJSON(status) } else { try Output.table(Self.rows(status)) }
        }
    }

    private static func line(_ status: RunStatus) -> String {
        var parts = ["\(status.state.rawValue): \(status.done) of \(status.samples) samples"]
        if status.failed > 0 { parts.append("\(status.failed) failed") }
        if let rate = status.samplesPerSecond { parts.append(Self.rate(rate)) }
        if let eta = status.etaSeconds { parts.append("\(TimeText.short(eta)) left") }
        return parts.joined(separator: ", ")
    }

    private static func rows(_ status: RunStatus) -> [[String]] {
        var rows = [
            ["state", status.state.rawValue],
            ["samples", "\(status.done) of \(status.samples)"],
            ["failed", "\(status.failed)"],
            ["remaining", "\(status.remaining)"],
            ["shards", "\(status.shardsCommitted) of \(status.shards)"],
            ["segments waiting", "\(status.segments)"],
        ]
        if status.damagedSegments > 0 {
            rows.append(["damaged segments", "\(status.damagedSegments), to be done again"])
        }
        if let rate = status.samplesPerSecond { rows.append(["rate", Self.rate(rate)]) }
        if let eta = status.etaSeconds { rows.append(["time left", TimeText.short(eta)]) }
        return rows
    }

    private static func rate(_ perSecond: Double) -> String {
        let (value, unit) =
            perSecond >= 1 ? (perSecond, "s") : perSecond * 60 >= 1 ? (perSecond * 60, "min") : (perSecond * 3600, "h")
        return "\((value * 10).rounded() / 10) samples/\(unit)"
    }
}
