import Method
import Planning

/// Estimates what a run writes, so that a full disk shows before the first sample.
enum ExpectedBytes {
    /// Bytes of all shards, and of the segments that wait beside them, rounded up generously.
    static func of(_ plan: Plan, job: Job) -> Int64 {
        let samples = plan.samples.reduce(0.0) { $0 + bytes(of: $1, job: job) }
        let largest =
            plan.shards.map { shard in
                plan.samples[shard.firstIndex..<shard.firstIndex + shard.count].reduce(0.0) {
                    $0 + bytes(of: $1, job: job)
                }
            }.max() ?? 0
        // While a shard is assembled, its segments lie beside it.
        return Int64((samples + largest).rounded(.up))
    }

    /// Bytes of one sample.
    private static func bytes(of sample: PlannedSample, job: Job) -> Double {
        guard sample.error == nil else { return 512 }
        let settings = job.settings(for: sample.task)
        let video = settings.sampling.video
        return settings.members.reduce(0.0) { total, member in
            // Each member has a tar header and is padded to 512 bytes.
            total + 1024
                + member.expectedBytes(
                    sample.extent, framePixels: (video?.width ?? 0) * (video?.height ?? 0),
                    copied: video == nil ? sample.input?.bytes ?? 0 : 0)
        }
    }
}
