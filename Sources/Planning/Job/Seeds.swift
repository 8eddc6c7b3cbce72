internal import Files

/// Seeds of samples.
package enum Seeds {
    /// The largest seed: 2^63 − 1, so that a seed is a whole number in every JSON reader and in `torch.Generator`.
    package static let maximum = UInt64(Int64.max)

    /// The seed of a sample whose manifest row gives none.
    ///
    /// `hash`: the first 8 bytes, big-endian, of SHA-256 over `seehear seed 1`, a NUL, the job's seed in decimal, a NUL
    /// and the key, without their highest bit. Neither rank nor order nor the other rows have a part in it.
    package static func seed(for key: String, jobSeed: UInt64, mode: Job.SeedMode) -> UInt64 {
        guard mode == .hash else { return jobSeed }
        return SHA256.seed(of: "seehear seed 1\0\(jobSeed)\0\(key)")
    }
}
