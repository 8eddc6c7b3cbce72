/// The seeds of a manifest's rows.
///
/// A row's own seed is taken as it is. The others are hashes of job seed and key, of 32 bits, since noise depends on no
/// more: of 100,000 rows one pair would begin alike, of a million a hundred. So where the hashes of several rows give one
/// seed, or a seed that a row names, the row with the lowest hash keeps it unless it is named, and each of the others, by
/// rising seed and hash, takes the next number up that no row has. The order of the rows has no part in it.
package struct SampleSeeds: Sendable {
    private let jobSeed: UInt64
    private let mode: Job.SeedMode
    /// Of rows that cannot have the seed of their hash.
    private let moved: [Seeds.Hash: UInt32]
    /// Seeds of which a part is not read; nil where there are none.
    package let wide: WideSeeds?

    /// The seed of a row.
    package func seed(of row: ManifestRow) -> UInt64 {
        if let seed = row.seed { return seed }
        guard mode == .hash else { return jobSeed }
        let hash = Seeds.Hash(of: row.key, jobSeed: jobSeed)
        return UInt64(moved[hash] ?? hash.seed)
    }

    /// What is gathered of the rows before any seed is certain.
    package struct Survey {
        private let jobSeed: UInt64
        private let mode: Job.SeedMode
        private var named: Set<UInt32> = []
        private var hashes: [Seeds.Hash] = []
        private var wide: WideSeeds?

        package init(_ job: Job) {
            (jobSeed, mode) = (job.seed, job.seedMode)
        }

        /// Takes the next row.
        package mutating func add(_ row: ManifestRow) {
            if let seed = row.seed {
                named.insert(Seeds.read(of: seed))
                note(seed, row: row.number)
            } else if mode == .hash {
                hashes.append(Seeds.Hash(of: row.key, jobSeed: jobSeed))
            } else {
                note(jobSeed, row: nil)
            }
        }

        private mutating func note(_ seed: UInt64, row: Int?) {
            guard seed > UInt64(UInt32.max) else { return }
            wide = WideSeeds(seed: wide?.seed ?? seed, row: wide.map(\.row) ?? row, count: (wide?.count ?? 0) + 1)
        }

        /// The seeds, once all rows are known.
        package consuming func settled() -> SampleSeeds {
            let rows = hashes.sorted { ($0.seed, $0) < ($1.seed, $1) }
            var lost: [Seeds.Hash] = []
            var taken = named
            for hash in rows where !taken.insert(hash.seed).inserted { lost.append(hash) }
            var moved: [Seeds.Hash: UInt32] = [:]
            for hash in lost {
                var seed = hash.seed &+ 1
                while !taken.insert(seed).inserted { seed &+= 1 }
                moved[hash] = seed
            }
            return SampleSeeds(jobSeed: jobSeed, mode: mode, moved: moved, wide: wide)
        }
    }
}

/// Seeds of more than 32 bits: the first, and how many rows have such.
package struct WideSeeds: Sendable, Equatable, CustomStringConvertible {
    package let seed: UInt64
    /// The row that names it; nil: the job does.
    package let row: Int?
    package let count: Int

    package var description: String {
        let others = count - 1
        let place = row.map { "row \($0)" + (others > 0 ? " and \(others) more" : "") } ?? "`seed_mode: same`"
        return
            "\(place): the seed \(seed) has more than 32 bits; the generator of noise, as torch's, reads the low 32 alone, so "
            + "that \(Seeds.read(of: seed)) makes the same noise, and programs that hold numbers of JSON as doubles (jq, "
            + "JavaScript) round those above 9007199254740992"
    }
}
