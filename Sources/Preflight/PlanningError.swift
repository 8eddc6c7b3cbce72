internal import Files
internal import Foundation
package import Method
package import Planning

/// Why there is no plan.
package enum PlanningError: Error, Sendable, CustomStringConvertible {
    /// The job file is wrong.
    case job(JobError)
    /// The manifest cannot be read at all.
    case manifest(ManifestError)
    /// Rows, models or the disk are not fit.
    case problems(PlanProblems)
    /// The caption server does not answer, or not as one.
    case server(CaptionServerError)

    package var description: String {
        switch self {
        case .job(let error): error.description
        case .manifest(let error): error.description
        case .problems(let problems): problems.description
        case .server(let error): error.description
        }
    }

    /// Does `work`, whose other errors are of a manifest that cannot be read.
    static func naming<Result>(_ manifest: String, _ work: () throws -> Result) throws(PlanningError) -> Result {
        do {
            return try work()
        } catch let error as PlanningError {
            throw error
        } catch let error as ManifestError {
            throw .manifest(error)
        } catch {
            throw .manifest(.unreadable(path: manifest, reason: "\(error)"))
        }
    }
}

/// Everything that is wrong with what a job names.
package struct PlanProblems: Sendable, Equatable, CustomStringConvertible {
    /// The manifest's path.
    package let manifest: String
    /// What the job does with rows that cannot be used.
    package let policy: Job.InvalidRows
    /// Problems of rows.
    package var rows = RowProblems()
    /// Problems of models and of the disk, a sentence each.
    package var others: [String] = []

    package var isEmpty: Bool { rows.isEmpty && others.isEmpty }

    /// Looks whether the disk has room for a run.
    /// - Returns: the bytes that are free; nil where nobody says.
    @discardableResult
    mutating func checkRoom(for bytes: Int64, at output: URL) -> Int64? {
        let free = DiskSpace.available(at: output.standardizedFileURL.path)
        if let free, free < bytes {
            others.append(
                "the disk of \(output.path) has \(ByteText.short(free)) free and the run needs \(ByteText.short(bytes)); "
                    + "free some, or give --out on another disk")
        }
        return free
    }

    package var description: String {
        var lines = others
        lines += rows.first.map { "\(manifest): \($0)" }
        if rows.count > rows.first.count {
            lines.append("… and \(rows.count - rows.first.count) more problems of rows")
        }
        if !rows.isEmpty {
            let remedy =
                switch policy {
                case .fail: "correct the rows, or set invalid_rows: record to run without them"
                case .record: "these rows have no id of their own to be recorded under; correct them"
                }
            lines.append("\(rows.count) problem\(rows.count == 1 ? "" : "s") in the manifest; \(remedy)")
        }
        return lines.joined(separator: "\n")
    }
}
