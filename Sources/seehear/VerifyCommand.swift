import ArgumentParser
import Arguments
import Foundation
import Planning
import Shard

/// `seehear verify RUN`: checks the output of a run against its own records.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a run's shards and index.",
        discussion: """
            Without --deep, lengths, records, seek tables and tables of samples are checked, which takes seconds and finds \
            missing, cut and exchanged files. With it every byte is read, hashed and decompressed, and every header parsed.

            The plan is read and checked as well. While somebody works on the run, what is half done is no finding.

            Exits with 0 if the run is complete and nothing is wrong, with 75 if nothing is wrong but shards are still to come, \
            with 1 if something is wrong, and with 2 if the folder is no run.
            """)

    @OptionGroup var argument: RunArgument

    @Flag(help: "Read, hash, decompress and parse everything.")
    var deep = false

    @Flag(help: "Print the report as JSON.")
    var json = false

    /// Nothing is wrong, and there is more to come: as `seehear-worker` ends when a run can be resumed.
    private static let incomplete = ExitCode(75)

    func run() throws {
        let report = try Output.reporting {
            let report = try RunVerification(argument.directory, deep: deep).verify()
            if json {
                try Output.printJSON(report, pretty: false)
            } else {
                for finding in report.findings { try Output.line("\(finding)") }
                try Output.line(summary(of: report))
            }
            return report
        }
        if !report.findings.isEmpty { throw ExitCode.failure }
        if !report.isComplete { throw Self.incomplete }
    }

    private func summary(of report: VerificationReport) -> String {
        let planned = report.plannedShards.map { report.isComplete ? "" : " of \($0)" } ?? ""
        let pending = report.pendingBatches == 0 ? "" : "; \(report.pendingBatches) batches wait for their shard"
        let verdict =
            switch report.findings.count {
            case 0: report.isComplete ? "nothing wrong" : "not complete"
            case 1: "1 thing wrong"
            case let count: "\(count) things wrong"
            }
        let later =
            report.isComplete || !report.findings.isEmpty
            ? "" : report.shards == 0 ? ", and there is nothing to verify yet" : ", and nothing wrong so far"
        return
            "\(report.shards)\(planned) shards, \(report.samples) samples, \(report.failed) failed, \(report.bytes) bytes\(pending): "
            + verdict + later + (report.atWork ? "; the run is being worked on" : "")
    }
}
