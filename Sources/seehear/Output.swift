import ArgumentParser
import Export
import Files
import Foundation
import JSON
import Media
import Planning
import Preflight
import Report
import Scoring
import Shard

/// What the commands share: exit codes and the two output streams.
enum Output {
    /// Usage, or a job that cannot be planned.
    static let invalid = ExitCode(2)
    /// Done, but for samples that failed.
    static let incomplete = ExitCode(3)
    /// What a shell says of a program whose reader went away.
    private static let unread = ExitCode(128 + SIGPIPE)

    private static let standard = StandardOutput()

    /// Writes a line to standard error.
    static func complain(_ text: String) { StandardStreams.tell("\(text)\n") }

    /// Writes a line to standard output.
    static func line(_ text: String) throws { try standard.line(text) }

    /// Writes what was gathered, so that it is seen now.
    static func flush() throws { try standard.flush() }

    /// Prints a value as JSON with sorted keys.
    static func printJSON(_ value: some Encodable, pretty: Bool = true) throws {
        try line(String(decoding: try JSONCoding.encode(value, pretty: pretty), as: UTF8.self))
    }

    /// Does `work`; where it throws, or where its output cannot be written, says why and ends with the exit code that the
    /// error has.
    static func reporting<Result>(_ work: () throws -> Result) throws -> Result {
        do {
            let result = try work()
            try flush()
            return result
        } catch let error as FileError where error.code == EPIPE {
            throw unread
        } catch let error as PlanningError {
            complain("error: \(error)")
            throw invalid
        } catch let error as RunError {
            complain("error: \(error)")
            if case .unwritable = error { throw ExitCode.failure }
            throw invalid
        } catch let error as RunRetryError {
            complain("error: \(error)")
            throw invalid
        } catch let error as ExportError {
            complain("error: \(error)")
            throw error.isFailure ? ExitCode.failure : invalid
        } catch let error
            where error is FeatureFileError || error is EvaluationFolderError || error is UnknownOrder
            || error is StarterError || error is SampleChoice.Problem || error is ReportReader.NothingGenerated
            || error is ReportedAlready
        {
            complain("error: \(error)")
            throw invalid
        } catch let error as ScoringError {
            complain("error: \(error)")
            throw error.isFailure ? ExitCode.failure : invalid
        } catch let error as MediaError {
            complain("error: \(error)")
            throw error.kind == .failed ? ExitCode.failure : invalid
        } catch let error where !(error is ExitCode || error is ValidationError) {
            complain("error: \(error)")
            throw ExitCode.failure
        }
    }

    /// Rows in columns.
    static func table(_ rows: [[String]]) throws {
        var table = Table()
        for row in rows { try table.add(row) }
        try table.finish()
    }
}
