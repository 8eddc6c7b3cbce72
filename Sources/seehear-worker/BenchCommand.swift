import ArgumentParser
import Arguments
import Files
import Foundation
import JSON
import Method
import Planning
import Worker

/// `seehear-worker bench`: the steps of a task on this machine, by stage.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the steps of a task on this machine: time by stage, what limits it, and peak memory.",
        discussion: """
            The steps are those of a job, its models and settings included; its manifest is not read. Without a job file:

            seehear-worker bench --task v2a --set models.audio=cvssp/audioldm-m-full --set models.binder=imagebind_huge.pth

            For each batch so many steps run with every one guided, then so many plain ones. A clip whose length the job leaves \
            to its input lasts 10 s.
            """)

    @Argument(help: "A job file; without one every setting is the preset's, or given by --set.")
    var job: String?

    @Option(help: "The task; without one the job's.")
    var task: GenerationTask?

    @OptionGroup var settings: SettingOverrides

    @Option(help: "The preset, in place of the job's: official, paper, search, guided or both.")
    var preset: String?

    @Option(help: "Where, in place of the job's setting: auto, cpu or cuda.")
    var device: String?

    @Option(help: "The precision, in place of the job's: fp32, bf16 or fp16.")
    var precision: String?

    @Option(help: "Threads of one operation on the CPU, in place of the job's.")
    var threads: Int?

    @Option(help: ArgumentHelp("Samples computed together; several, as in 1,4,8, by turns.", valueName: "numbers"))
    var batch = BatchSizes(sizes: [1])

    @Option(help: "Whether CUDA may round the factors of fp32 products to TF32, in place of the job's: on or off.")
    var tf32: String?

    @Option(help: "Whether CUDA graphs are used, in place of the job's: on or off.")
    var graphs: String?

    @Option(help: "Which steps.")
    var guidance = Steps.both

    @Option(help: "Steps to measure.")
    var steps = 5

    @Option(help: "Steps before them, at least 1.")
    var warmUp = 1

    @Option(
        help: ArgumentHelp(
            "Also make so many samples together from beginning to end, once; several, as in 1,8.", valueName: "numbers")
    )
    var samples = BatchSizes(sizes: [])

    @Option(
        help: "Also write the report as JSON to this file, after each batch; docs/bench.md describes it.",
        completion: .file(extensions: ["json"]))
    var report: String?

    /// Which steps are measured.
    enum Steps: String, ExpressibleByArgument, CaseIterable {
        case both, guided, plain
    }

    /// Numbers of samples, separated by commas.
    struct BatchSizes: ExpressibleByArgument {
        /// As many as a job may have in a batch.
        static let allowed = 1...4096
        let sizes: [Int]
        var defaultValueDescription: String { sizes.map(String.init).joined(separator: ",") }

        init(sizes: [Int]) { self.sizes = sizes }

        init?(argument: String) {
            let words = argument.split(separator: ",", omittingEmptySubsequences: false)
            sizes = words.compactMap { Int($0) }.filter(Self.allowed.contains)
            if sizes.count != words.count { return nil }
        }
    }

    func validate() throws {
        guard (1...1000).contains(steps) else {
            throw ValidationError("--steps is \(steps): give a whole number from 1 to 1000.")
        }
        guard (1...1000).contains(warmUp) else {
            throw ValidationError("--warm-up is \(warmUp): give a whole number from 1 to 1000.")
        }
        guard job != nil || task != nil else { throw ValidationError("give a job file, or a --task.") }
    }

    func run() throws {
        do {
            try measure()
        } catch let error where error is JobError || error is BenchmarkError {
            StandardStreams.tell("seehear-worker: \(error)\n")
            throw ExitCode(2)
        }
    }

    private func measure() throws {
        let job = try resolved()
        var options = StepBenchmark.Options()
        options.batches = batch.sizes
        options.steps = steps
        options.warmUp = warmUp
        options.guided = guidance == .both ? [true, false] : [guidance == .guided]
        options.samples = samples.sizes
        let found = try StepBenchmark(job, task ?? job.task, options).run {
            StandardStreams.tell("bench: \($0)\n")
        } each: { found in
            if let report {
                try AtomicFile.write(JSONCoding.encode(found, pretty: true) + [UInt8(ascii: "\n")], to: report)
            }
        }
        try StandardStreams.output(found.table + "\n")
    }

    /// The job with what the command line says, the options last.
    private func resolved() throws -> Job {
        let given = [
            ("preset", preset), ("device", device), ("precision", precision), ("threads", threads.map { "\($0)" }),
            ("tf32", tf32), ("graphs", graphs),
        ]
        let overrides = settings.overrides + given.compactMap { key, value in value.map { "\(key)=\($0)" } }
        if let job { return try JobFile.load(URL(filePath: job), overrides: overrides) }
        // Paths start from this folder, as those of a job file that lies in it.
        return try JobFile.resolve(
            "task: \(task?.rawValue ?? "")\nmanifest: none\n", path: URL(filePath: "bench").path, overrides: overrides)
    }
}
