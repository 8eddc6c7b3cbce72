import Method
import Planning

/// Estimates what a run writes, so that a full disk shows before the first sample.
struct ExpectedBytes {
    private let job: Job
    private var samples = 0.0
    private var shard = (number: 0, bytes: 0.0)
    private var largest = 0.0

    init(_ job: Job) { self.job = job }

    /// Counts the next sample of the plan.
    mutating func add(_ sample: PlannedSample) {
        let bytes = Self.bytes(of: sample, job: job)
        samples += bytes
        shard = (sample.shard, sample.shard == shard.number ? shard.bytes + bytes : bytes)
        largest = max(largest, shard.bytes)
    }

    /// Bytes of all shards, and of the segments that wait beside them, rounded up generously.
    // While a shard is assembled, its segments lie beside it.
    var total: Int64 { Int64((samples + largest).rounded(.up)) }

    /// Bytes of what the guides found, in a sample's `.json` member: numbers of 30 bytes for each beginning at each cut, and
    /// what is told of each finished sample that is kept beside the best.
    private static func findings(_ settings: TaskSettings, kept: Int) -> Double {
        let beginnings = settings.guidance.beginnings
        let most = Modality.allCases.map { beginnings.count(of: $0) }.reduce(0, +)
        let losses = settings.guidance.gradient == .off ? 0 : 30 * settings.sampling.steps
        return Double(30 * most * (beginnings.rounds.count + 1) + (kept - 1) * (1000 + losses))
    }

    /// Bytes of one sample.
    private static func bytes(of sample: PlannedSample, job: Job) -> Double {
        guard sample.error == nil else { return 512 }
        let settings = job.settings(for: sample.task)
        let sampling = settings.sampling
        let pixels = sampling.framePixels(isEnlarged: job.models[.upscaler] != nil)
        let kept = settings.guidance.beginnings.kept
        return settings.members.reduce(0.0) { total, member in
            // Each member has a tar header and is padded to 512 bytes.
            let bytes =
                1024
                + member.expectedBytes(
                    sample.extent, framePixels: pixels, copied: pixels == 0 ? sample.input?.bytes ?? 0 : 0,
                    coupled: sampling.coupled?.model)
            guard member == .json else { return total + bytes * Double(kept) }
            return total + bytes + findings(settings, kept: kept)
        }
    }
}
