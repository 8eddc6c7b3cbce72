internal import Engine
internal import Foundation
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
        try TorchRuntime.configure(threads: choice.threads)
        try TorchRuntime.allowTF32(job.tf32 == .on)
        progress("loading the models on \(choice.description)")
        let pipeline = try GenerationPipeline.load(job, dtype: job.precision.dtype, device: choice.device)
        let (loaded, unread) = read(planned.filter { $0.task == task }.prefix(options.samples))
        guard !loaded.isEmpty else { throw TuningError.noSamples(task, unread) }
        let bench = Bench(pipeline: pipeline, job: job, task: task, samples: loaded)
        var report = TuningReport(task: task, samples: loaded.count, unread: unread, moments: [], trials: [])
        progress("\(Self.particles) beginnings of \(loaded.count) samples, all finished")
        report.moments = try bench.moments()
        try each(report)
        let trials = trials
        for (number, trial) in trials.enumerated() {
            progress("trial \(number + 1) of \(trials.count): \(bench.settings(trial))")
            report.trials.append(try bench.measure(trial))
            report.trials.sort { ($0.score, -$0.evaluations) > ($1.score, -$1.evaluations) }
            try each(report)
        }
        return report
    }

    private var trials: [Bench.Trial] {
        let words: [Double?] = job.labels == nil ? [nil] : [nil] + options.temperatures
        return words.flatMap { temperature in
            options.strengths.flatMap { strength in
                options.rounds.map { Bench.Trial(temperature: temperature, strength: strength, rounds: $0) }
            }
        }
    }

    private func read(
        _ planned: some Sequence<PlannedSample>
    ) -> (loaded: [(PlannedSample, GenerationRequest)], unread: [String: String]) {
        let loader = InputLoader(job: job)
        var (loaded, unread): ([(PlannedSample, GenerationRequest)], [String: String]) = ([], [:])
        for sample in planned {
            do {
                let input = try loader.load(sample)
                loaded.append((sample, GenerationRequest(sample, input)))
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

/// A loaded pipeline, and samples to try it on.
private struct Bench {
    let pipeline: GenerationPipeline
    let job: Job
    let task: GenerationTask
    let samples: [(PlannedSample, GenerationRequest)]

    struct Trial {
        let temperature: Double?
        let strength: Double
        let rounds: [BeginningSettings.Round]
    }

    /// As in a job file, for the log.
    func settings(_ trial: Trial) -> String { report(trial, scores: [], seconds: 0).settings }

    /// Eight beginnings of every sample, scored at named moments and in the end.
    func moments() throws -> [TuningReport.Moment] {
        var guidance = job.settings(for: task).guidance
        guidance.gradient = .off
        guidance.beginnings.rounds = GuideTuning.moments.map { .init(at: $0, keep: GuideTuning.particles) }
        guidance.beginnings.particles = both(GuideTuning.particles)
        (guidance.beginnings.best, guidance.beginnings.keep) = (GuideTuning.particles, .all)
        let results = try generate(guidance)
        let steps = job.settings(for: task).sampling.steps
        return GuideTuning.moments.map { at in
            // Of few steps two moments may be the same.
            let step = BeginningSettings.Round(at: at, keep: 1).step(of: steps)
            var (correlations, gains): ([Double], [Double]) = ([], [])
            for result in results {
                let finished = ([result] + result.others).map(\.choice)
                guard let early = result.choice.cuts.first(where: { $0.step == step })?.scores else { continue }
                let pairs = finished.compactMap { choice in
                    choice.score.flatMap { score in early[choice.particle].map { (early: $0, final: score) } }
                }
                guard let first = pairs.max(by: { $0.early < $1.early }) else { continue }
                let finals = pairs.map(\.final)
                if let correlation = RankCorrelation.of(pairs.map(\.early), finals) { correlations.append(correlation) }
                let mean = finals.reduce(0, +) / Double(finals.count)
                if let best = finals.max(), best > mean { gains.append((first.final - mean) / (best - mean)) }
            }
            return TuningReport.Moment(at: at, correlation: Self.mean(correlations), gain: Self.mean(gains))
        }
    }

    func measure(_ trial: Trial) throws -> TuningReport.Trial {
        let clock = ContinuousClock()
        let begun = clock.now
        let results = try generate(guidance(trial))
        let seconds = (clock.now - begun) / .seconds(1) / Double(samples.count)
        return report(trial, scores: results.compactMap(\.choice.score), seconds: seconds)
    }

    private func report(_ trial: Trial, scores: [Double], seconds: Double) -> TuningReport.Trial {
        let mean = Self.mean(scores) ?? 0
        let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(scores.count - 1, 1))
        let timesteps = SampleCost.nominalTimesteps(job.settings(for: task).sampling.steps)
        let work = GuidanceWork(guidance(trial), task.makesAudio ? .audio : .video, timesteps: timesteps)
        return TuningReport.Trial(
            temperature: trial.temperature, strength: trial.strength,
            particles: trial.rounds.isEmpty ? 1 : GuideTuning.particles, rounds: trial.rounds, score: mean,
            error: 2 * (variance / Double(max(scores.count, 1))).squareRoot(),
            evaluations: Double(work.denoised) / Double(max(timesteps.count, 1)), seconds: seconds)
    }

    private func guidance(_ trial: Trial) -> Guidance {
        var guidance = job.settings(for: task).guidance
        guidance.words = trial.temperature.map(WordSettings.init)
        guidance.beginnings.rounds = trial.rounds
        guidance.beginnings.particles = both(trial.rounds.isEmpty ? 1 : GuideTuning.particles)
        (guidance.beginnings.best, guidance.beginnings.keep) = (1, .best)
        if case .noise(var noise) = guidance.gradient {
            noise.strength = trial.strength
            guidance.gradient = .noise(noise)
        } else {
            var noise = (trial.temperature == nil ? Preset.guided : .both).noise
            noise.strength = trial.strength
            // Without a list nothing tells how well a caption fits.
            if job.labels == nil { (noise.textTerm, noise.trustBelow) = (.off, 0) }
            guidance.gradient = .noise(noise)
        }
        if trial.strength == 0 { guidance.gradient = .off }
        guidance.hearing = .spectrogram
        return guidance
    }

    /// As many beginnings of a video as of its sound: where a video is made first, only of the sound.
    private func both(_ count: Int) -> PerModality<Int> {
        let isFirst = task == .joint && job.settings(for: task).guidance.joint.order == .inTurn
        return PerModality(audio: count, video: isFirst ? 1 : count)
    }

    /// In batches of the job's size, those of one length together; in the samples' order of batches, which no figure
    /// depends on.
    private func generate(_ guidance: Guidance) throws -> [GenerationResult] {
        var groups: [(settings: GenerationSettings, requests: [GenerationRequest])] = []
        for (sample, request) in samples {
            var settings = GenerationSettings(job, task, sample.extent)
            settings.guidance = guidance
            if let place = groups.firstIndex(where: { $0.settings == settings && $0.requests.count < job.batch }) {
                groups[place].requests.append(request)
            } else {
                groups.append((settings, [request]))
            }
        }
        return try groups.flatMap { try pipeline.generate($0.requests, $0.settings) }
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}
