import Method
import Testing

@testable import Planning

@Suite struct SampleSeedsTests {
    private func row(_ key: String, _ seed: UInt64? = nil, number: Int = 1) -> ManifestRow {
        ManifestRow(
            number: number, key: key, task: .joint, prompt: "rain", negativePrompt: nil, input: nil, start: nil,
            duration: nil, seed: seed, problems: [])
    }

    private func settled(_ seed: String, _ rows: [ManifestRow]) throws -> SampleSeeds {
        let job = try JobFile.resolve(
            "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, binder: c/d}\nseed: \(seed)\n",
            path: "/data/job.yaml")
        var survey = SampleSeeds.Survey(job)
        for row in rows { survey.add(row) }
        return survey.settled()
    }

    private func seeds(_ seed: String, _ rows: [ManifestRow]) throws -> [UInt64] {
        let settled = try settled(seed, rows)
        return rows.map(settled.seed)
    }

    /// By another program: `printf 'seehear seed 1\00030\000clip' | sha256sum` begins with 9f50591b 89332fe9.
    @Test("a seed is 32 bits of the hash of job seed and key, or the job's where all are the same")
    func hash() throws {
        #expect(try seeds("30", [row("clip")]) == [0x8933_2FE9])
        #expect(try seeds("31", [row("clip")]) != [0x8933_2FE9])
        #expect(try seeds("30\nseed_mode: same", [row("clip"), row("other")]) == [30, 30])
    }

    /// Under seed 30 the first two hash to 1860861355, the second with the lower hash; found by another program's search:
    /// SHA-256 of `seehear seed 1\00030\000clip-N` for N from 0.
    private static let (loser, keeper, shared) = ("clip-102920", "clip-139235", UInt64(1_860_861_355))

    @Test("no two rows have a seed by hash alone, whatever their order")
    func unique() throws {
        for rows in [[Self.loser, "a", Self.keeper], [Self.keeper, Self.loser, "a"]] {
            let seeds = try self.seeds("30", rows.map { row($0) })
            #expect(seeds[try #require(rows.firstIndex(of: Self.keeper))] == Self.shared)
            #expect(seeds[try #require(rows.firstIndex(of: Self.loser))] == Self.shared + 1)
        }
        #expect(try seeds("30", [row(Self.loser)]) == [Self.shared])
    }

    @Test("a seed that a row names is that row's, and may be several rows'")
    func named() throws {
        let rows = [
            row(Self.keeper), row("b", Self.shared + 1), row(Self.loser),
            // Above 32 bits the noise is that of the low ones.
            row("c", Self.shared + (1 << 32)), row("d", Self.shared + 1),
        ]
        #expect(
            try seeds("30", rows)
                == [Self.shared + 2, Self.shared + 1, Self.shared + 3, Self.shared + (1 << 32), Self.shared + 1])
        #expect(
            try seeds("30", rows.reversed())
                == [Self.shared + 1, Self.shared + (1 << 32), Self.shared + 3, Self.shared + 1, Self.shared + 2])
    }

    @Test("of 200,000 rows none share a seed, and nearly all have that of their hash")
    func many() throws {
        let rows = (0..<200_000).map { row("clip-\($0)") }
        let seeds = try seeds("30", rows)
        #expect(Set(seeds).count == rows.count)
        let moved = zip(rows, seeds).filter { UInt64(Seeds.Hash(of: $0.key, jobSeed: 30).seed) != $1 }
        // By another program: five pairs begin alike.
        #expect(moved.count == 5)
        #expect(seeds.allSatisfy { $0 <= UInt64(UInt32.max) })
    }

    @Test("a seed of which a part is not read is told with its row")
    func wide() throws {
        let rows = [row("a", 1 << 32), row("b"), row("c", (1 << 32) + 7, number: 3)]
        let wide = try #require(try settled("30", rows).wide)
        #expect(wide == WideSeeds(seed: 4_294_967_296, row: 1, count: 2))
        #expect(wide.description.hasPrefix("row 1 and 1 more: the seed 4294967296 has more than 32 bits; "))
        #expect(wide.description.contains("so that 0 makes the same noise"))
        #expect(wide.description.contains("round those above 9007199254740992"))
        #expect(try settled("30", [row("a", (1 << 32) - 1)]).wide == nil)
        #expect(try settled("4294967296", [row("a")]).wide == nil)
        let same = try #require(try settled("4294967296\nseed_mode: same", [row("a"), row("b")]).wide)
        #expect(same.description.hasPrefix("`seed_mode: same`: the seed 4294967296 "))
    }

    @Test("the audio beside a video has a seed of its own")
    func audio() {
        #expect(Seeds.audio(beside: 0) == 0x736F_756E)
        #expect(Seeds.audio(beside: Seeds.audio(beside: 7)) == 7)
    }
}
