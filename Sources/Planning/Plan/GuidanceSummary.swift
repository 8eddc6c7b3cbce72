package import Method

/// What is done for each sample of a task, in words and numbers: what a preset and a job's own settings come to.
package struct GuidanceSummary: Sendable, Equatable, Encodable {
    /// What the networks are asked for one sample of one modality.
    package struct Work: Sendable, Equatable, Encodable {
        /// Questions to the denoiser, of all beginnings, turns and steps.
        package let evaluations: Int
        /// Predictions that the binder scores.
        package let scores: Int
        /// Predictions whose gradient is taken.
        package let gradients: Int
        /// Finished samples.
        package let finished: Int
        /// Rows that a batch's denoiser takes at once, which memory follows.
        package let rowsAtOnce: Int

        private enum CodingKeys: String, CodingKey {
            case evaluations, scores, gradients, finished
            case rowsAtOnce = "rows_at_once"
        }
    }

    package let preset: String
    /// Steps of the sampler.
    package let steps: Int
    /// The work times that of a plain run of the same sampling, in units of ``SampleCost``.
    package let cost: Double
    package let audio: Work?
    package let video: Work?
    /// What is done, a part each.
    package let parts: [String]

    private let task: GenerationTask
    private let plainEvaluations: Int
    private let schedulers: String

    private enum CodingKeys: String, CodingKey { case preset, steps, cost, audio, video, parts }

    /// - Parameters:
    ///   - extent: how long a sample is.
    ///   - labels: entries of the job's list; nil where it has none.
    package init(_ job: Job, _ task: GenerationTask, _ extent: SampleExtent, labels: Int?) {
        let settings = job.settings(for: task)
        let questions = settings.sampling.questions
        let timesteps = SampleCost.nominalTimesteps(questions.count)
        let guidance = settings.guidance
        let isInTurn = task == .joint && guidance.joint.order == .inTurn
        func work(_ modality: Modality) -> Work? {
            guard task.generated.contains(modality) else { return nil }
            let work = GuidanceWork(
                guidance, modality, timesteps: timesteps, questions: questions, isFirst: isInTurn && modality == .video)
            let rows = job.batch * guidance.beginnings(of: modality, task).count(of: modality)
            return Work(
                evaluations: work.denoised, scores: work.scored, gradients: work.updated, finished: work.finished,
                rowsAtOnce: min(rows, max(job.batch, guidance.beginnings.rowsAtOnce)))
        }
        var plain = settings
        plain.guidance = .off
        let base = SampleCost.of(extent, plain, clips: job.clips)
        self.task = task
        preset = job.preset.rawValue
        steps = questions.count
        plainEvaluations = questions.reduce(0, +)
        cost = base > 0 ? SampleCost.of(extent, settings, clips: job.clips) / base : 1
        audio = work(.audio)
        video = work(.video)
        schedulers =
            settings.sampling.coupled?.scheduler.rawValue
            ?? Set(settings.sampling.samplers.map(\.scheduler.rawValue)).sorted().joined(separator: " and ")
        parts = GuidanceWords(guidance, task, steps: timesteps, labels: labels).parts
    }

    /// Two lines: what is done, and what it costs.
    package var lines: [String] {
        let what =
            "\(task.rawValue), preset \(preset): \(steps) steps of \(schedulers)"
            + parts.map { "; \($0)" }.joined() + "."
        return [what, "\(costs)."]
    }

    private var costs: String {
        let made = [(audio, "sound"), (video, task.makesImage ? "image" : "video")]
            .compactMap { work, name in work.map { ($0, name) } }
        let counts = made.map { work, name in
            let subject = made.count > 1 ? "\(name): " : ""
            return subject + count(work)
        }
        let rows = made.map(\.0.rowsAtOnce).max() ?? 1
        return (counts + ["\(times) the work of a plain run; \(Self.many(rows, "row")) at once"]).joined(
            separator: "; ")
    }

    private func count(_ work: Work) -> String {
        var parts = [
            "\(Self.many(work.evaluations, "evaluation")) of the denoiser"
                + (work.evaluations == plainEvaluations ? "" : " in place of \(plainEvaluations)")
        ]
        if work.scores > 0 { parts.append(Self.many(work.scores, "score")) }
        if work.gradients > 0 { parts.append(Self.many(work.gradients, "gradient")) }
        if work.finished > 1 { parts.append("\(work.finished) finished") }
        return parts.joined(separator: ", ")
    }

    private var times: String { "\((cost * 10).rounded() / 10) times" }

    static func many(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
}
