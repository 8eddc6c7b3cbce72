internal import Files

/// Seeds of samples.
package enum Seeds {
    /// The largest seed that can be given: 2^63 − 1, the largest of `torch.Generator`.
    package static let maximum = UInt64(Int64.max)

    /// What the generator of noise reads of a seed. torch's on the CPU, which ours equals, takes the low 32 bits.
    package static func read(of seed: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: seed) }

    /// The seed of the audio of a sample whose video has its own generator: that of the sample with these bits turned over
    /// ("soun"), so that rows that differ in one differ in the other.
    package static func audio(beside seed: UInt64) -> UInt64 { seed ^ 0x736F_756E }

    /// What a row's seed is drawn from where it names none: SHA-256 over `seehear seed 1`, a NUL, the job's seed in decimal,
    /// a NUL and the key. The seed itself is bytes 4 … 7, big-endian.
    struct Hash: Hashable, Comparable {
        /// The first 16 bytes, big-endian.
        let high, low: UInt64

        init(of key: String, jobSeed: UInt64) {
            let digest = SHA256.digest(of: Array("seehear seed 1\0\(jobSeed)\0\(key)".utf8))
            high = digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            low = digest.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }

        var seed: UInt32 { Seeds.read(of: high) }

        static func < (a: Hash, b: Hash) -> Bool { (a.high, a.low) < (b.high, b.low) }
    }
}
