import Coordinator

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
        return settings.members.reduce(0.0) { total, member in
            // Each member has a tar header and is padded to 512 bytes.
            total + 1024 + size(of: member, sample, settings.sampling)
        }
    }

    /// AudioLDM makes 16 kHz mono; its latent has 8 × 25 × 16 fp16 values a second. Stable Diffusion's has 4 × h/8 × w/8 of
    /// them for each picture. Noise is what compresses worst, and what a run with a mistake in it makes.
    private static func size(of member: String, _ sample: PlannedSample, _ sampling: Job.Sampling) -> Double {
        let seconds = sample.durationSeconds
        let pixels = Double(sample.frames ?? 0) * Double(sampling.width * sampling.height)
        return switch member {
        case "json": 6_000
        case "wav": 32_000 * seconds
        case "flac": 28_000 * seconds
        // What the mp4 shows is made, or copied from the input.
        case "mp4": 16_000 * seconds + (sample.task.makesVideo ? 0.5 * pixels : Double(sample.input?.bytes ?? 0))
        case "png": 3 * pixels
        case "jpg": pixels
        case "audio_latent": 6_400 * seconds
        case "video_latent": pixels / 8
        default: 500_000
        }
    }
}

/// Numbers of bytes for people.
package enum ByteText {
    /// Three digits and a decimal unit: `1.25 GB`.
    package static func short(_ bytes: Int64) -> String {
        var value = Double(bytes)
        for unit in ["bytes", "kB", "MB", "GB", "TB"] {
            if value < 1000 || unit == "TB" {
                let digits = unit == "bytes" || value >= 100 ? 0 : value >= 10 ? 1 : 2
                return "\(rounded(value, digits)) \(unit)"
            }
            value /= 1000
        }
        return "\(bytes) bytes"
    }

    private static func rounded(_ value: Double, _ digits: Int) -> String {
        let scale = [1.0, 10, 100][digits]
        let whole = Int((value * scale).rounded())
        let fraction = String(whole % Int(scale) + Int(scale)).dropFirst()
        return digits == 0 ? "\(whole)" : "\(whole / Int(scale)).\(fraction)"
    }
}
