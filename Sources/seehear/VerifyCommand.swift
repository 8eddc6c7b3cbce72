import ArgumentParser
import Arguments
import Files
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

            Exits with 0 if nothing is wrong, with 1 if something is, and with 2 if the folder is no run.
            """)

    @OptionGroup var argument: RunArgument

    @Flag(help: "Read, hash, decompress and parse everything.")
    var deep = false

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() throws {
        let report = try Output.reporting {
            let run = argument.directory
            let description = try Run.describe(run)
            let status = try? InputFile.bytes(of: run.status.path, limit: 4096, followingLinks: false)
            let isOver = status?.starts(with: "complete".utf8) ?? false
            return try Verifier(
                layout: run.layout, deep: deep, configSHA256: description.configSHA256,
                plannedShards: isOver ? description.counts.shards : nil
            ).verify()
        }
        if json {
            try Output.printJSON(report, pretty: false)
        } else {
            for finding in report.findings { print(finding) }
            print(summary(of: report))
        }
        if !report.findings.isEmpty { throw ExitCode(1) }
    }

    private func summary(of report: VerificationReport) -> String {
        let pending = report.pendingBatches == 0 ? "" : "; \(report.pendingBatches) batches wait for their shard"
        let verdict =
            switch report.findings.count {
            case 0: "nothing wrong"
            case 1: "1 thing wrong"
            case let count: "\(count) things wrong"
            }
        return
            "\(report.shards) shards, \(report.samples) samples, \(report.failed) failed, \(report.bytes) bytes\(pending): "
            + verdict
    }
}
