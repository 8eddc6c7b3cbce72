internal import Engine
internal import Logging
internal import Method
internal import Planning

/// A loaded pipeline, and samples to try it on.
struct TuningBench {
    let job: Job
    let task: GenerationTask
    let samples: [(PlannedSample, SampleInput)]
    let fit: BatchFit
    let log: Logger
    /// `GenerationPipeline.generate`.
    let make: ([GenerationRequest], GenerationSettings, any SamplerObserver) throws -> [GenerationResult]

    struct Trial {
        let temperature: Double?
        let strength: Double
        let rounds: [BeginningSettings.Round]
    }

    /// What a trial differs in from the job, as it is written under `guidance` in a job file: with it the job does what was
    /// measured.
    func line(_ trial: Trial) -> String {
        var parts = [trial.temperature.map { "words: {temperature: \($0)}" } ?? "words: off"]
        if trial.strength > 0 {
            parts.append("gradient: noise, strength: \(trial.strength)")
            if job.labels == nil { parts.append("text_term: off, trust_below: 0") }
        } else {
            parts.append("gradient: off")
        }
        let particles = particles(trial)
        let counts = Set(task.generated.compactMap { particles[$0] })
        parts.append(
            counts.count > 1
                ? "particles: {audio: \(particles.audio), video: \(particles.video)}"
                : "particles: \(counts.first ?? 1)")
        let rounds = trial.rounds.map { "\($0.at): \($0.keep)" }.joined(separator: ", ")
        parts.append(trial.rounds.isEmpty ? "rounds: off" : "rounds: {\(rounds)}")
        return "{" + parts.joined(separator: ", ") + "}"
    }

    /// The job's guidance with a trial's settings.
    func guidance(_ trial: Trial) -> Guidance {
        var guidance = job.settings(for: task).guidance
        guidance.words = trial.temperature.map(WordSettings.init)
        guidance.beginnings.rounds = trial.rounds
        guidance.beginnings.particles = particles(trial)
        (guidance.beginnings.best, guidance.beginnings.keep) = (1, .best)
        guard trial.strength > 0 else {
            guidance.gradient = .off
            return guidance
        }
        var noise = if case .noise(let own) = guidance.gradient { own } else { job.preset.noise(for: task) }
        noise.strength = trial.strength
        // Without a list nothing tells how well a caption fits.
        if job.labels == nil { (noise.textTerm, noise.trustBelow) = (.off, 0) }
        guidance.gradient = .noise(noise)
        return guidance
    }

    /// Eight beginnings of every sample, scored at named moments and in the end.
    func moments() throws -> [TuningReport.Moment] {
        var guidance = job.settings(for: task).guidance
        guidance.gradient = .off
        guidance.beginnings.rounds = GuideTuning.moments.map { .init(at: $0, keep: GuideTuning.particles) }
        guidance.beginnings.particles = both(GuideTuning.particles)
        (guidance.beginnings.best, guidance.beginnings.keep) = (GuideTuning.particles, .all)
        let results = try generate(guidance)
        let steps = job.settings(for: task).sampling.questions.count
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
        let questions = job.settings(for: task).sampling.questions
        let work = GuidanceWork(
            guidance(trial), task.makesAudio ? .audio : .video,
            timesteps: SampleCost.nominalTimesteps(questions.count), questions: questions)
        return TuningReport.Trial(
            temperature: trial.temperature, strength: trial.strength, rounds: trial.rounds, settings: line(trial),
            score: mean, error: 2 * (variance / Double(max(scores.count, 1))).squareRoot(),
            evaluations: Double(work.denoised) / Double(max(questions.reduce(0, +), 1)), seconds: seconds)
    }

    private func particles(_ trial: Trial) -> PerModality<Int> {
        both(trial.rounds.isEmpty ? 1 : GuideTuning.particles)
    }

    /// As many beginnings of a video as of its sound: where a video is made first, only of the sound.
    private func both(_ count: Int) -> PerModality<Int> {
        let guidance = job.settings(for: task).guidance
        let own = guidance.beginnings.particles
        let isFirst = task == .joint && guidance.joint.order == .inTurn
        return PerModality(
            audio: task.makesAudio ? count : own.audio, video: isFirst ? 1 : task.makesFrames ? count : own.video)
    }

    /// In batches of the job's size, as a rank makes them.
    private func generate(_ guidance: Guidance) throws -> [GenerationResult] {
        var job = job
        var settings = job.settings(for: task)
        settings.guidance = guidance
        job.tasks[task] = settings
        let generation = BatchGeneration(job: job, fit: fit, make: make)
        let observer = BatchObserver(progress: { _ in }, log: log)
        return try stride(from: 0, to: samples.count, by: job.batch).flatMap { start in
            let batch = samples[start..<min(start + job.batch, samples.count)]
            let results = try generation.run(
                batch.map(\.0),
                inputs: Dictionary(batch.map { ($0.0.index, $0.1) }, uniquingKeysWith: { first, _ in first }),
                observer: observer)
            return try batch.compactMap { try results[$0.0.index]?.get() }
        }
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}
