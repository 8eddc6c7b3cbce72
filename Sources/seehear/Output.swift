import ArgumentParser
import Files
import Foundation
import JSON
import Media
import Planning
import Preflight
import Shard

/// What the commands share: exit codes, the two output streams, tables.
enum Output {
    /// Usage, or a job that cannot be planned.
    static let invalid = ExitCode(2)

    /// Writes a line to standard error.
    static func complain(_ text: String) { StandardStreams.tell("\(text)\n") }

    /// Prints a value as JSON with sorted keys.
    static func printJSON(_ value: some Encodable, pretty: Bool = true) throws {
        print(String(decoding: try JSONCoding.encode(value, pretty: pretty), as: UTF8.self))
    }

    /// Does `work`; where it throws, says why and ends with the exit code that the error has.
    static func reporting<Result>(_ work: () throws -> Result) throws -> Result {
        do {
            return try work()
        } catch let error as PlanningError {
            complain("error: \(error)")
            throw invalid
        } catch let error as RunError {
            complain("error: \(error)")
            if case .unwritable = error { throw ExitCode.failure }
            throw invalid
        } catch let error as MediaError {
            complain("error: \(error)")
            throw error.kind == .failed ? ExitCode.failure : invalid
        } catch let error where !(error is ExitCode || error is ValidationError) {
            complain("error: \(error)")
            throw ExitCode.failure
        }
    }

    /// Rows in columns, two spaces apart, the first column flush left.
    static func table(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.compactMap { $0.indices.contains(column) ? $0[column].count : nil }.max() ?? 0
        }
        return rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }
            return cells.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
