package import Method

extension Job {
    /// The settings of a task. A job that was read has all of them, and a planned one those of the tasks that occur; the
    /// preset answers for the others.
    package func settings(for task: GenerationTask) -> TaskSettings { tasks[task] ?? preset.settings(for: task) }

    /// The job with nothing in it that samples of other tasks alone would need.
    /// - Parameter media: what rows without a caption show or sound.
    package func narrowed(to present: Set<GenerationTask>, captioning media: Set<CaptionedMedium> = []) -> Job {
        var job = self
        // A server that no row needs is not asked.
        if !media.contains(where: { job.captioner?.server(for: $0) != nil }) { job.captioner?.server = nil }
        for medium in CaptionedMedium.allCases where !media.contains(medium) { job.captioner?[medium: medium] = nil }
        if media.isEmpty { job.captioner = nil }
        job.tasks = tasks.filter { present.contains($0.key) }
        let needed = Set(present.flatMap { $0.models + $0.optionalModels })
        for family in ModelFamily.allCases where family != .imageBind && !needed.contains(family) {
            job.models[family] = nil
        }
        if !job.usesLabels { job.labels = nil }
        return job
    }

    /// What the settings of one task lack or contradict.
    ///
    /// Looked at when the manifest is known, because settings of a task that no row has do no harm.
    /// - Parameter location: what the problems name as their place.
    package func problems(of task: GenerationTask, location: String) -> [JobProblem] {
        let sampling = settings(for: task).sampling
        var problems: [JobProblem] = []
        func note(_ key: String, _ found: String, _ allowed: String) {
            problems.append(JobProblem(location: location, key: key, found: found, allowed: allowed))
        }
        for family in task.models where models[family] == nil {
            note("models.\(family.rawValue)", "is missing", "it must name \(family.reference)")
        }
        if let coupled = sampling.coupled { noteCoupled(coupled, sampling, note) }
        let schedulers = sampling.samplers.map(\.scheduler)
        if sampling.eta > 0, let other = schedulers.first(where: { $0 != .ddim }) {
            note(
                "sampling.eta", "is \(sampling.eta) beside the scheduler \(other.rawValue)",
                "it must be 0 there: only ddim has an η")
        }
        if sampling.karrasSigmas, sampling.coupled == nil, schedulers.allSatisfy({ $0 == .ddim }) {
            note(
                "sampling.karras_sigmas", "is true beside the scheduler ddim",
                "it must be false there: dpmsolver++ and euler have sigmas")
        }
        for problem in guidanceProblems(of: task) {
            note("guidance.\(problem.key)", problem.found, problem.remedy)
        }
        return problems
    }

    private func noteCoupled(
        _ coupled: CoupledSampling, _ sampling: SamplingSettings,
        _ note: (_ key: String, _ found: String, _ allowed: String) -> Void
    ) {
        let (model, name) = (coupled.model, coupled.scheduler.rawValue)
        if sampling.eta > 0, coupled.scheduler != .ddim {
            note(
                "sampling.eta", "is \(sampling.eta) beside the scheduler \(name)",
                "it must be 0 there: only ddim has an η")
        }
        if sampling.karrasSigmas {
            note(
                "sampling.karras_sigmas", "is true for MM-Diffusion",
                "it must be false: its schedulers have no such sigmas")
        }
        if coupled.scheduler == .ddim, CoupledSampling.stride(of: sampling.steps) == nil {
            note(
                "sampling.steps", "is \(sampling.steps), which no whole stride through 1000 gives",
                "use one that does, such as 20, 25, 40, 50 or 100")
        }
        if models[.upscaler] != nil, CoupledSampling.stride(of: coupled.upscaleSteps) == nil {
            note(
                "sampling.mm.upscale_steps", "is \(coupled.upscaleSteps), which no whole stride through 1000 gives",
                "use one that does, such as 20, 25, 40, 50 or 100")
        }
        if model.soundDuration != model.duration {
            note(
                "sampling.mm.samples",
                "last \(model.soundDuration) s, and \(model.frames) frames at \(model.fps) a second \(model.duration) s",
                "they must last equally long")
        }
    }

    /// What is missing to caption the rows of one task that have no caption.
    /// - Parameters:
    ///   - location: what the problems name as their place.
    ///   - servers: whether a server may caption. A run never asks one: its bytes would depend on it.
    package func captionProblems(of task: GenerationTask, location: String, servers: Bool) -> [JobProblem] {
        guard let captioner, let medium = task.captionedMedium, captioner[medium: medium] == nil else { return [] }
        if captioner.server != nil {
            guard !servers else { return [] }
            return [
                JobProblem(
                    location: location, key: "captioner.server",
                    found: "is set, and the row has no caption",
                    allowed:
                        "what a run makes may not depend on a server: `seehear-worker caption JOB.yaml --out captioned.jsonl` "
                        + "asks it, and the run then takes captioned.jsonl as its manifest")
            ]
        }
        return [
            JobProblem(
                location: location, key: "captioner.\(medium.rawValue)",
                found: "is missing, and the row has no caption",
                allowed: "it must name \(medium.reference)")
        ]
    }
}
