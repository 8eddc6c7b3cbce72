/// The settings that differ from task to task.
package struct TaskSettings: Codable, Sendable, Equatable {
    /// The sampler's settings.
    package var sampling: Job.Sampling
    /// The aligner's settings, or off.
    package var guidance: Guidance
    /// What is kept of each sample, sorted. Empty where the job names members and the task can make none of them: rows of
    /// such a task are refused.
    package var members: [String]

    package init(sampling: Job.Sampling, guidance: Guidance, members: [String]) {
        self.sampling = sampling
        self.guidance = guidance
        self.members = members
    }
}

extension Job {
    /// The settings of a task. A job that was read has all of them, and a planned one those of the tasks that occur; the
    /// preset answers for the others.
    package func settings(for task: JobTask) -> TaskSettings {
        tasks[task] ?? PresetDefaults(task: task, preset: preset).settings
    }

    /// The job with nothing in it that samples of other tasks alone would need.
    package func narrowed(to present: Set<JobTask>) -> Job {
        var job = self
        job.tasks = tasks.filter { present.contains($0.key) }
        if !present.contains(where: \.makesAudio) { job.models.audio = nil }
        if !present.contains(where: \.makesPictures) { job.models.image = nil }
        if !present.contains(where: \.makesVideo) { job.models.motion = nil }
        if caption == .none { job.labels = nil }
        return job
    }

    /// What the settings of one task lack or contradict.
    ///
    /// Looked at when the manifest is known, because settings of a task that no row has do no harm.
    /// - Parameter location: what the problems name as their place.
    package func problems(of task: JobTask, location: String) -> [JobProblem] {
        let settings = settings(for: task).sampling
        var problems: [JobProblem] = []
        func note(_ key: String, _ found: String, _ allowed: String) {
            problems.append(JobProblem(location: location, key: key, found: found, allowed: allowed))
        }
        if task.makesAudio, models.audio == nil {
            note("models.audio", "is missing", "it must name the AudioLDM pipeline, a diffusers folder or a repo id")
        }
        if task.makesPictures, models.image == nil {
            note("models.image", "is missing", "it must name Stable Diffusion 1.5, a diffusers folder or a repo id")
        }
        if task.makesVideo, models.motion == nil {
            note(
                "models.motion", "is missing",
                "it must name AnimateDiff's motion adapter: a folder, a repo id or a .ckpt file")
        }
        let schedulers = settings.product.values(of: settings.scheduler)
        if settings.eta > 0, let other = schedulers.first(where: { $0 != .ddim }) {
            note(
                "sampling.eta", "is \(settings.eta) beside the scheduler \(other.rawValue)",
                "it must be 0 there: only ddim has an η")
        }
        if settings.karrasSigmas, schedulers.allSatisfy({ $0 == .ddim }) {
            note(
                "sampling.karras_sigmas", "is true beside the scheduler ddim",
                "it must be false there: dpmsolver++ and euler have sigmas")
        }
        return problems
    }
}
