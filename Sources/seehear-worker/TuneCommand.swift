import ArgumentParser
import Arguments
import Files
import Foundation
import JSON
import Method
import Planning
import Preflight
import Worker

/// `seehear-worker tune`: what the guides' settings are worth on a job's own samples.
struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract:
            "Try the guides on a job's first samples: when scores begin to tell, and which settings are worth their time.",
        discussion: """
            Eight beginnings of each sample are finished and scored on the way: the rank correlation says from which step on a \
            cut keeps the right ones. Then words, pushes and cuts are tried, each with each, on the same samples. Scores are \
            the binder's, which the guides themselves go by: listen to what the settings make before you choose, and measure \
            it by something else. Nothing is written but the report.
            """)

    @Argument(help: "A job file.", completion: .file(extensions: ["yaml", "yml"]))
    var job: String

    @Option(help: "The task; without one the job's.")
    var task: GenerationTask?

    @OptionGroup var settings: SettingOverrides

    @Option(help: "Samples, the first of the task; 50 tell well, 10 roughly.")
    var samples = 50

    @Flag(help: "Only how scores on the way go with the final ones.")
    var scoresOnly = false

    @Option(
        help: "Also write the report as JSON to this file, after each part; docs/guidance.md describes it.",
        completion: .file(extensions: ["json"]))
    var report: String?

    func validate() throws {
        guard (1...10_000).contains(samples) else {
            throw ValidationError("--samples is \(samples): give a whole number from 1 to 10000.")
        }
    }

    func run() throws {
        do {
            try tune()
        } catch let error where error is PlanningError || error is TuningError {
            StandardStreams.tell("seehear-worker: \(error)\n")
            throw ExitCode(2)
        }
    }

    private func tune() throws {
        let planner = Planner(inputs: MediaProbe(), models: EngineModelProbe())
        let prepared = try planner.prepare(
            URL(filePath: job), overrides: settings.overrides, output: FileManager.default.temporaryDirectory)
        let wanted = task ?? prepared.job.task
        var options = GuideTuning.Options()
        options.samples = samples
        if scoresOnly { options.rounds = [] }
        var planned: [PlannedSample] = []
        try prepared.plan.rows.forEach { row in
            guard let sample = row as? PlannedSample else { return }
            if sample.task == wanted, planned.count < samples { planned.append(sample) }
        }
        let found = try GuideTuning(prepared.job, wanted, options).run(planned) {
            StandardStreams.tell("tune: \($0)\n")
        } each: { found in
            if let report {
                try AtomicFile.write(JSONCoding.encode(found, pretty: true) + [UInt8(ascii: "\n")], to: report)
            }
        }
        try StandardStreams.output(found.table + "\n")
    }
}
