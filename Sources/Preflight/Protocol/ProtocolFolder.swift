internal import Files
internal import Foundation
internal import JSON
internal import Method
package import Planning

/// The folder that a protocol is written to.
package struct ProtocolFolder {
    private let path: String

    package init(_ path: String) { self.path = path }

    /// `protocol.json`.
    private struct Record: Encodable {
        let title: String
        /// SHA-256 of the protocol's file.
        let sha256: String
        let seed: UInt64
        let candidates: Int
        let samples: Int
        /// What was to be taken and cannot be used, with the reason.
        let missing: [String: String]
    }

    /// Writes the lists and the job. What is there already is written anew.
    /// - Throws: `FileError`, errors of encoding.
    package func write(
        _ plan: EvaluationProtocol, _ choice: ProtocolPlanner.Choice, protocolFile: String
    ) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if let task = plan.task {
            try AtomicFile.write(choice.samples.flatMap { $0.row(task) }, to: "\(path)/manifest.jsonl")
            let job = "# \(plan.title)\ntask: \(task.rawValue)\nmanifest: manifest.jsonl\n\(plan.job)\n"
            try AtomicFile.write(Array(job.utf8), to: "\(path)/job.yaml")
        }
        if plan.source == .clips {
            try AtomicFile.write(
                choice.samples.flatMap { $0.reference(plan.window) }, to: "\(path)/reference.jsonl")
        }
        let record = Record(
            title: plan.title, sha256: try FileIdentity(path: protocolFile, hashing: true).sha256 ?? "",
            seed: plan.seed, candidates: choice.candidates, samples: choice.samples.count,
            missing: Dictionary(choice.missing.map { ($0.id, $0.reason) }) { first, _ in first })
        try AtomicFile.write(
            JSONCoding.encode(record, pretty: true) + Array("\n".utf8), to: "\(path)/protocol.json")
    }
}
