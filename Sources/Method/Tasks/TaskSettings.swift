/// The settings that differ from task to task.
package struct TaskSettings: Codable, Sendable, Equatable {
    /// How latents are denoised.
    package var sampling: SamplingSettings
    /// What moves them on the way, or nothing.
    package var guidance: Guidance
    /// What is kept of each sample, sorted. Empty where the job names members and the task can make none of them: rows of
    /// such a task are refused.
    package var members: [Member]

    package init(sampling: SamplingSettings, guidance: Guidance, members: [Member]) {
        self.sampling = sampling
        self.guidance = guidance
        self.members = members
    }
}
