package import Foundation
import Method
package import Planning
import Processes

/// Looks at a job's models with the help of `seehear-worker`, which knows the networks: files and headers here, then
/// every key and shape there. Where the worker does not start, as on a login node without libtorch, the files alone are
/// checked, and ``note`` says so; the ranks check the rest before they generate anything.
package struct WorkerModelProbe: ModelProbe {
    /// Seconds that the worker may take; it reads no weights.
    private static let limit = 120.0

    private let files = CheckpointProbe()
    private let worker: String
    private let jobFile: String
    private let overrides: [String]
    private let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - folder: where `seehear-worker` lies: beside `seehear`.
    ///   - note: is told what was not checked.
    package init(
        workerIn folder: URL, job: String, overrides: [String], note: @escaping @Sendable (String) -> Void
    ) {
        worker = folder.appending(path: "seehear-worker").path
        jobFile = job
        self.overrides = overrides
        self.note = note
    }

    package func inspect(_ job: Job) -> ModelInspection {
        var inspection = files.inspect(job)
        guard inspection.problems.isEmpty else { return inspection }
        let unchecked =
            "the keys and shapes of the models are not checked here (%): the ranks check them when they start."
        let arguments =
            ["check-models", jobFile] + overrides.flatMap { ["--set", $0] }
            + job.tasks.keys.map(\.rawValue).sorted().flatMap { ["--task", $0] }
            + CaptionedMedium.allCases.filter { job.captioner?[medium: $0] != nil }
            .flatMap { ["--captioned", $0.rawValue] }
        guard FileManager.default.isExecutableFile(atPath: worker),
            let output = ProcessOutput.run(worker, arguments, limit: Self.limit), !output.timedOut
        else {
            note(unchecked.replacing("%", with: "there is no \(worker) that answers"))
            return inspection
        }
        switch output.status {
        case 0: break
        case 2:
            inspection.problems += output.output.split(separator: "\n").map(String.init)
        default:
            let reason = output.errors.split(separator: "\n").first.map(String.init) ?? "status \(output.status)"
            note(unchecked.replacing("%", with: reason))
        }
        return inspection
    }
}
