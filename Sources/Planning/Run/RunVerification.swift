internal import Files
internal import Foundation
package import Shard

/// Checks a run: what it is, what it was planned to make, and all that was made.
package struct RunVerification {
    private let directory: RunDirectory
    private let deep: Bool

    /// - Parameter deep: whether every byte of the shards is read.
    package init(_ directory: RunDirectory, deep: Bool) {
        self.directory = directory
        self.deep = deep
    }

    /// Looks at everything; blocks for as long as that takes. What is wrong becomes a finding.
    /// - Throws: ``RunError`` where the folder is no run, or one of another version; `FileError` where it cannot be read.
    package func verify() throws -> VerificationReport {
        var findings: [Finding] = []
        let description = try describe(&findings)
        if description != nil { checkPlan(&findings) }
        let status = try? InputFile.bytes(of: directory.status.path, limit: 4096, followingLinks: false)
        let isOver = status?.starts(with: "complete".utf8) ?? false
        var report = try Verifier(
            layout: directory.layout, deep: deep, configSHA256: description?.configSHA256,
            plannedShards: isOver ? description?.counts.shards : nil, plannedSamples: description?.counts.samples,
            atWork: RunStatusReader.isWorkedOn(directory)
        ).verify()
        report.plannedShards = description?.counts.shards
        report.findings = findings + report.findings
        return report
    }

    private func describe(_ findings: inout [Finding]) throws -> RunDescription? {
        do throws(RunError) {
            return try Run.describe(directory)
        } catch {
            switch error {
            case .notARun where holdsOutput:
                add(.run, directory.description, "there is no such file, so nobody knows what the run is", &findings)
            case .damaged(_, let reason), .unreadable(_, let reason):
                add(.run, directory.description, reason, &findings)
            default: throw error
            }
            return nil
        }
    }

    private var holdsOutput: Bool {
        [directory.layout.shards, directory.layout.segments].contains { PathKind($0) == .folder }
    }

    private func checkPlan(_ findings: inout [Finding]) {
        do throws(RunError) {
            _ = try Run.open(directory).tally()
        } catch {
            switch error {
            case .damaged(let path, let reason), .unreadable(let path, let reason):
                add(.plan, URL(filePath: path), reason, &findings)
            default: add(.plan, directory.plan, "\(error)", &findings)
            }
        }
    }

    private func add(_ kind: Finding.Kind, _ file: URL, _ message: String, _ findings: inout [Finding]) {
        findings.append(Finding(kind: kind, path: file.lastPathComponent, message: message))
    }
}
