import Method
import Planning

/// Estimates what a run writes, so that a full disk shows before the first sample.
struct ExpectedBytes {
    private let job: Job
    private var samples = 0.0
    private var shard = (number: 0, bytes: 0.0)
    private var largest = 0.0

    /// How often what is made is kept, for each task that keeps more than the best.
    private let copies: [GenerationTask: Int]

    init(_ job: Job) {
        self.job = job
        copies = job.tasks.filter { $0.value.guidance.beginnings.keep == .all }.mapValues { settings in
            let sampling = settings.sampling
            let timesteps = SampleCost.nominalTimesteps(sampling.steps)
            // Of the sound where there is one: its video may be finished once, and the estimate is generous.
            return GuidanceWork(settings.guidance, sampling.audio == nil ? .video : .audio, timesteps: timesteps)
                .finished
        }
    }

    /// Counts the next sample of the plan.
    mutating func add(_ sample: PlannedSample) {
        let bytes = Self.bytes(of: sample, job: job, copies: copies[sample.task] ?? 1)
        samples += bytes
        shard = (sample.shard, sample.shard == shard.number ? shard.bytes + bytes : bytes)
        largest = max(largest, shard.bytes)
    }

    /// Bytes of all shards, and of the segments that wait beside them, rounded up generously.
    // While a shard is assembled, its segments lie beside it.
    var total: Int64 { Int64((samples + largest).rounded(.up)) }

    /// Bytes of one sample.
    private static func bytes(of sample: PlannedSample, job: Job, copies: Int) -> Double {
        guard sample.error == nil else { return 512 }
        let settings = job.settings(for: sample.task)
        let video = settings.sampling.video
        return settings.members.reduce(0.0) { total, member in
            // Each member has a tar header and is padded to 512 bytes.
            total + Double(member == .json ? 1 : copies)
                * (1024
                    + member.expectedBytes(
                        sample.extent, framePixels: (video?.width ?? 0) * (video?.height ?? 0),
                        copied: video == nil ? sample.input?.bytes ?? 0 : 0))
        }
    }
}
