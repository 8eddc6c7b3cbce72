internal import Engine
internal import Logging
package import Method
package import Planning
internal import Torch

/// Tries the settings of the guides that matter on a job's own samples: when the binder's scores begin to tell beginnings
/// apart, and what words, pushes and cuts are worth.
///
/// Every trial has the same samples and seeds.
package struct GuideTuning {
    package struct Options: Sendable {
        /// Of the job's rows, the first that the task has.
        package var samples = 50
        /// Temperatures of the words.
        package var temperatures = [0.01, 0.03, 0.1]
        /// w of guidance in the noise.
        package var strengths = [0, 0.3]
        /// Cuts among eight beginnings.
        package var rounds: [[BeginningSettings.Round]] = [
            [], [.init(at: 0.1, keep: 4), .init(at: 0.3, keep: 1)], [.init(at: 0.2, keep: 4), .init(at: 0.4, keep: 1)],
        ]

        package init() {}
    }

    static let particles = 8
    static let moments = [0.1, 0.2, 0.3, 0.4, 0.5]

    private let job: Job
    private let task: GenerationTask
    private let options: Options

    /// - Parameter job: a planned one.
    package init(_ job: Job, _ task: GenerationTask, _ options: Options) {
        self.job = job
        self.task = task
        self.options = options
    }

    /// - Parameters:
    ///   - planned: of the job; others than the first of the task are left alone.
    ///   - progress: gets a line before each part.
    ///   - each: gets the report so far, after each part.
    /// - Throws: errors of loading and of libtorch; what `each` throws; ``TuningError``.
    package func run(
        _ planned: [PlannedSample], progress: (String) -> Void = { _ in },
        each: (TuningReport) throws -> Void = { _ in }
    ) throws -> TuningReport {
        let choice = try DeviceChoice(job, localRank: 0, ranksOnNode: 1)
        try choice.apply(job)
        let log = Logger(label: "tune")
        progress("loading the models on \(choice.description)")
        let pipeline = try GenerationPipeline.load(job, dtype: job.precision.dtype, device: choice.device)
        let captions = try SampleCaptions(job, pipeline, device: choice.device)
        let (loaded, unread) = read(planned.filter { $0.task == task }.prefix(options.samples), captions)
        guard !loaded.isEmpty else { throw TuningError.noSamples(task, unread) }
        let bench = TuningBench(
            job: job, task: task, samples: loaded, fit: BatchFit(rehearses: choice.device != .cpu, log: log), log: log
        ) {
            try pipeline.generate($0, $1, observer: $2)
        }
        var report = TuningReport(task: task, samples: loaded.count, unread: unread, moments: [], trials: [])
        progress("\(Self.particles) beginnings of \(loaded.count) samples, all finished")
        report.moments = try bench.moments()
        try each(report)
        let trials = trials
        for (number, trial) in trials.enumerated() {
            progress("trial \(number + 1) of \(trials.count): \(bench.line(trial))")
            report.trials.append(try bench.measure(trial))
            report.trials.sort { ($0.score, -$0.evaluations) > ($1.score, -$1.evaluations) }
            try each(report)
        }
        return report
    }

    private var trials: [TuningBench.Trial] {
        // Without a prompt there is nothing to find words for.
        let words: [Double?] = job.labels == nil || task.isCoupled ? [nil] : [nil] + options.temperatures
        let scheduler = job.settings(for: task).sampling.coupled?.scheduler
        let strengths = scheduler?.asksOnceAStep ?? true ? options.strengths : [0]
        return words.flatMap { temperature in
            strengths.flatMap { strength in
                options.rounds.map { TuningBench.Trial(temperature: temperature, strength: strength, rounds: $0) }
            }
        }
    }

    private func read(
        _ planned: some Sequence<PlannedSample>, _ captions: SampleCaptions
    ) -> (loaded: [(PlannedSample, SampleInput)], unread: [String: String]) {
        let loader = InputLoader(job: job)
        var (loaded, unread): ([(PlannedSample, SampleInput)], [String: String]) = ([], [:])
        for sample in planned {
            do {
                loaded.append((sample, try loader.load(sample).captioned(sample, by: captions)))
            } catch {
                unread[sample.key] = "\(error)"
            }
        }
        return (loaded, unread)
    }
}

/// Why nothing can be tuned.
package enum TuningError: Error, CustomStringConvertible {
    /// The job has no sample of the task that can be read, with what is wrong with those that were tried.
    case noSamples(GenerationTask, [String: String])

    package var description: String {
        switch self {
        case .noSamples(let task, let unread):
            "the job has no row of task \(task.rawValue) that can be read"
                + (unread.min { $0.key < $1.key }.map { ": \($0.key): \($0.value)" } ?? "; name another task by --task")
                + "."
        }
    }
}
