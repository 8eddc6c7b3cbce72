import ArgumentParser
import Arguments
import Foundation
import Method
import Planning
import Preflight

/// `seehear plan JOB.yaml --out RUN`: checks everything a job names, and fixes what its run will make.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Check a job and make its run directory.",
        discussion: """
            Every row of the manifest, every file it names, the models and the disk are checked; all problems are shown at \
            once. The same plan again is fine; another plan in the same directory is refused.

            Exits with 0 if the run can start and with 2 if the job is not valid.
            """)

    @OptionGroup var argument: JobArguments

    @Option(help: "The run directory.", completion: .directory)
    var out: String?

    @Flag(help: "Check and print what would run; write nothing.")
    var dryRun = false

    @Option(help: ArgumentHelp("An earlier run whose speed tells the time expected.", valueName: "run"))
    var like: String?

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        if out == nil, !dryRun {
            throw ValidationError("Give the run directory with --out, or --dry-run to write nothing.")
        }
    }

    func run() throws {
        try Output.reporting {
            let output = URL(filePath: out ?? FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
            let models = WorkerModelProbe(
                workerIn: DoctorCommand.programFolder, job: argument.job, overrides: argument.overrides
            ) {
                Output.complain("note: \($0)")
            }
            let planner = Planner(inputs: MediaProbe(), models: models)
            let prepared = try planner.prepare(
                URL(filePath: argument.job), overrides: argument.overrides, output: output)
            let rate = try like.flatMap { path throws(RunError) in
                try MeasuredRate(of: RunDirectory(URL(filePath: path, directoryHint: .isDirectory)))
            }
            var summary = PlanSummary(prepared, rate: rate)
            if !dryRun {
                let publication = try prepared.publish(in: RunDirectory(output)).publication
                summary.run = output.path
                summary.isNew = publication == .created
                if case .moved(let places) = publication { summary.moved = places }
            }
            if json {
                try Output.printJSON(summary)
            } else {
                try Output.table(summary.rows)
                for place in summary.moved ?? [] { try Output.line("  now: \(place)") }
                for problem in prepared.invalidRows.first { try Output.line("  will fail: \(problem)") }
                for line in summary.guidance { try Output.line(line) }
                for note in summary.notes { try Output.line("note: \(note)") }
                if !dryRun { try Output.line("\nmpirun -n N seehear-worker \(output.path)") }
            }
        }
    }
}

/// What `seehear plan` prints.
struct PlanSummary: Encodable {
    /// The samples of one task.
    struct OfTask: Encodable {
        let task: String
        let samples: Int
        let outputSeconds: Double
        /// What each of them is made of, for people; nothing where the length says it all.
        let frames: String?
        /// What is done for each of them.
        let guidance: GuidanceSummary?

        private enum CodingKeys: String, CodingKey {
            case task, samples, frames, guidance
            case outputSeconds = "output_seconds"
        }

        /// The numbers as one line.
        var text: String {
            let count = "\(samples) sample\(samples == 1 ? "" : "s")"
            let length = outputSeconds > 0 ? TimeText.short(outputSeconds) : nil
            return [count, length, frames].compactMap { $0 }.joined(separator: ", ")
        }
    }

    let samples: Int
    let tasks: [OfTask]
    let invalidRows: Int
    let batches: Int
    let shards: Int
    /// What may not be meant as it is written.
    let notes: [String]
    let expectedBytes: Int64
    let freeBytes: Int64?
    let outputSeconds: Double
    let expectedSeconds: Double?
    let workers: Int?
    var run: String?
    var isNew: Bool?
    /// What the run directory of the same plan names otherwise now.
    var moved: [String]?

    private enum CodingKeys: String, CodingKey {
        case samples, tasks, batches, shards, notes, workers, run, moved
        case invalidRows = "invalid_rows"
        case expectedBytes = "expected_bytes"
        case freeBytes = "free_bytes"
        case outputSeconds = "output_seconds"
        case expectedSeconds = "expected_seconds"
        case isNew = "new"
    }

    init(_ prepared: PreparedPlan, rate: MeasuredRate?) {
        let plan = prepared.plan.tally
        samples = plan.samples
        tasks = GenerationTask.allCases.compactMap { task in
            plan.made[task].map { Self.summary(of: $0, task, prepared) }
        }
        notes = prepared.notes
        invalidRows = plan.invalid
        batches = prepared.plan.layout.batches
        shards = prepared.plan.layout.shards
        expectedBytes = prepared.expectedBytes
        freeBytes = prepared.freeBytes
        outputSeconds = tasks.reduce(0) { $0 + $1.outputSeconds }
        expectedSeconds = rate.map { $0.seconds(for: plan) }
        workers = rate?.workers
    }

    private static func summary(
        of made: PlanTally.OfTask, _ task: GenerationTask, _ prepared: PreparedPlan
    ) -> OfTask {
        var text: String?
        if let video = prepared.job.settings(for: task).sampling.video, let frames = made.frames {
            let size = "\(video.width)×\(video.height)"
            let count =
                frames.count == 1 ? "\(frames.lowerBound)" : "\(frames.lowerBound) to \(frames.upperBound)"
            text =
                video.length.map { length in
                    "\(count) frames of \(size) at \(Int(exactly: length.fps).map(String.init) ?? "\(length.fps)") fps"
                } ?? size
        }
        if let model = prepared.job.settings(for: task).sampling.coupled?.model {
            text = "\(model.frames) frames of \(model.side)×\(model.side) at \(model.fps) fps"
        }
        return OfTask(
            task: task.rawValue, samples: made.samples, outputSeconds: made.duration, frames: text,
            guidance: prepared.summary(of: task))
    }

    /// What is done for the samples of each task, below an empty line.
    var guidance: [String] {
        let lines = tasks.compactMap(\.guidance?.lines).flatMap { lines in
            lines.enumerated().map { $0.offset == 0 ? $0.element : "  \($0.element)" }
        }
        return lines.isEmpty ? [] : [""] + lines
    }

    /// The summary as a table of names and values.
    var rows: [[String]] {
        let time =
            if let expectedSeconds, let workers {
                "\(TimeText.short(expectedSeconds)) on \(workers) worker\(workers == 1 ? "" : "s")"
            } else {
                "unknown until a run has been measured; see --like"
            }
        var rows = [["samples", "\(samples)"]]
        rows += tasks.map { ["  \($0.task)", $0.text] }
        rows += [
            ["invalid rows", "\(invalidRows)"],
            ["batches", "\(batches)"],
            ["shards", "\(shards)"],
            ["output", TimeText.short(outputSeconds)],
            ["bytes expected", ByteText.short(expectedBytes)],
            ["disk free", freeBytes.map(ByteText.short) ?? "unknown"],
            ["time expected", time],
        ]
        if let run {
            let note =
                moved != nil
                ? " (the same plan was already there; run.json names the new places)"
                : isNew == false ? " (the same plan was already there)" : ""
            rows.append(["run", run + note])
        }
        return rows
    }
}
