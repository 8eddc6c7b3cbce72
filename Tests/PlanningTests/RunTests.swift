import Files
import Foundation
import JSON
import Method
import Planning
import Shard
import TestSupport
import Testing

@testable import Planning

private let models = [
    ModelIdentity(role: "audio", path: "/models/a", files: [.init(name: "unet/x.safetensors", bytes: 3, sha256: "aa")]),
    ModelIdentity(role: "binder", path: "/models/b", files: [.init(name: "imagebind.pth", bytes: 4, sha256: "bb")]),
]

private func plan(_ job: Job, count: Int = 5) throws -> Plan {
    try Plan(
        samples: (0..<count).map {
            PlannedSample(
                index: 0, key: "k\($0)", task: .v2a, prompt: "p", negativePrompt: "", input: nil,
                seed: UInt64(Seeds.Hash(of: "k\($0)", jobSeed: job.seed).seed), duration: 4)
        }, job: job)
}

extension Job {
    fileprivate mutating func edit(_ change: (inout Guidance) -> Void) {
        if var settings = tasks[.v2a] {
            change(&settings.guidance)
            labels = "/l.txt"
            tasks[.v2a] = settings
        }
    }

    fileprivate mutating func editNoise(_ change: (inout NoiseGuidanceSettings) -> Void) {
        var noise = Preset.guided.noise(for: .v2a)
        (noise.textTerm, noise.trustBelow) = (.on, 0)
        change(&noise)
        edit { $0.gradient = .noise(noise) }
    }
}

@Suite struct RunTests {
    private let folder: TemporaryFolder
    private let directory: RunDirectory

    init() throws {
        folder = try TemporaryFolder()
        directory = RunDirectory(folder.url.appending(path: "run", directoryHint: .isDirectory))
    }

    private func publish(_ job: Job, count: Int = 5, models: [ModelIdentity] = models) throws -> (
        run: Run, publication: Run.Publication
    ) {
        try Run.publish(plan(job, count: count), .generation(job), models: models, expectedBytes: 100, in: directory)
    }

    @Test func publishedRunsOpenAgain() throws {
        let job = try testJob("batch=2", "shard=4")
        let made = try publish(job)
        #expect(made.publication == .created)
        let run = try Run.open(directory)
        #expect(run.description.recipe.job == job)
        #expect(run.rows.record == made.run.rows.record)
        #expect(try run.samples == made.run.samples)
        #expect(try run.tally() == plan(job).tally)
        #expect(run.description == made.run.description)
        let counts = run.description.counts
        #expect((counts.samples, counts.invalid, counts.batches, counts.shards) == (5, 0, 3, 2))
        #expect(FileManager.default.fileExists(atPath: directory.layout.segments))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.url.path).allSatisfy { !$0.hasPrefix(".") })
    }

    @Test("numbers that no job file and no plan has are refused in run.json, though its hash is right")
    func hostileNumbers() throws {
        let description = try publish(testJob("batch=2", "shard=4")).run.description
        func refusal(_ change: (inout RunDescription, inout Job) -> Void) throws -> String? {
            var (changed, job) = (description, try #require(description.recipe.job))
            change(&changed, &job)
            changed.recipe = .generation(job)
            changed.configSHA256 = changed.recipe.identity(
                planSHA256: changed.plan.sha256, models: changed.models)
            let json = try JSONCoding.encode(changed)
            do throws(RunError) {
                _ = try RunDescription(parsing: json, path: "run.json")
                return nil
            } catch .damaged(_, let reason) {
                return reason
            }
        }
        #expect(try refusal { _, _ in } == nil)
        var huge = Preset.official.aligner(for: .v2a)
        huge.innerSteps = .max
        let changes: [(String, (inout RunDescription, inout Job) -> Void)] = [
            ("shard is 0", { $1.shard = 0 }), ("batch is -1", { $1.batch = -1 }),
            ("binder.clip_duration is 0", { $1.clips.clipDuration = 0 }),
            ("sampling.steps is \(Int.max)", { $1.tasks[.v2a]?.sampling.steps = .max }),
            ("sampling.width is \(Int.max)", { $1.tasks[.a2v]?.sampling.video?.width = .max }),
            ("inner_steps is \(Int.max)", { $1.edit { $0.gradient = .aligner(huge) } }),
            ("strength is 1e+300", { $1.editNoise { $0.strength = 1e300 } }),
            ("until is -1", { $1.editNoise { $0.until = -1 } }),
            ("travel is \(Int.max)", { $1.editNoise { $0.travel = .max } }),
            ("travel_until is 2", { $1.editNoise { $0.travelUntil = 2 } }),
            ("trust_below is 7", { $1.editNoise { $0.trustBelow = 7 } }),
            ("words.temperature is 0", { $1.edit { $0.words = WordSettings(temperature: 0) } }),
            ("joint.definite is -1", { $1.edit { $0.joint.definite = -1 } }),
            (
                "labels is missing",
                {
                    $1.edit { $0.words = WordSettings(temperature: 1) }
                    $1.labels = nil
                }
            ),
            ("labels is missing", { $1.caption = .labels }),
            ("particles.audio is \(Int.max)", { $1.edit { $0.beginnings.particles.audio = .max } }),
            ("particles.video is 0", { $1.edit { $0.beginnings.particles.video = 0 } }),
            ("beginnings.best is \(Int.max)", { $1.edit { $0.beginnings.best = .max } }),
            ("rows_at_once is 0", { $1.edit { $0.beginnings.rowsAtOnce = 0 } }),
            ("rounds[0].at is 1", { $1.edit { $0.beginnings.rounds = [.init(at: 1, keep: 1)] } }),
            (
                "rounds[1].keep is 0",
                { $1.edit { $0.beginnings.rounds = [.init(at: 0, keep: 1), .init(at: 0.5, keep: 0)] } }
            ),
            (
                "rounds are not in order",
                { $1.edit { $0.beginnings.rounds = [.init(at: 0.5, keep: 2), .init(at: 0.2, keep: 1)] } }
            ),
            (
                "rounds, counted, is 1001",
                { $1.edit { $0.beginnings.rounds = (0..<1001).map { .init(at: Double($0) / 2000, keep: 1) } } }
            ),
            ("plan.rows", { description, _ in description.plan.rows = .max }),
            ("plan.rows", { description, _ in description.plan.rowsPerFrame = .max }),
            ("plan.frames", { description, _ in description.plan.frames[0].bytes = .max }),
            ("plan.file", { description, _ in description.plan.file = "../../etc/passwd" }),
            ("counts.samples", { description, _ in description.counts.samples = -1 }),
            ("counts.shards", { description, _ in description.counts.shards = .max }),
            ("counts.invalid", { description, _ in description.counts.invalid = 6 }),
        ]
        for (text, change) in changes {
            let reason = try refusal(change)
            #expect(reason?.contains(text) == true, "\(text): \(reason ?? "accepted")")
        }
    }

    @Test func theSamePlanAgainChangesNothing() throws {
        let job = try testJob()
        _ = try publish(job)
        let before = try Data(contentsOf: directory.description)
        #expect(try publish(job).publication == .unchanged)
        #expect(try Data(contentsOf: directory.description) == before)
    }

    @Test("what cannot change bytes makes no other run, and run.json names the new places")
    func placesThatMoved() throws {
        let before = try publish(try testJob()).run
        let job = try testJob("gather=mpi", "root=/elsewhere", "invalid_rows=record", "models.audio=/moved/a")
        var moved = models
        moved[0].path = "/moved/a"
        guard case .moved(let places) = try publish(job, models: moved).publication else {
            Issue.record("the places did not move")
            return
        }
        #expect(places.contains("model audio: /models/a → /moved/a"))
        #expect(places.contains("job gather: shared → mpi"))
        #expect(
            places.contains("job models.audio: /data/a/b → /moved/a") || places.contains { $0.contains("models.audio") }
        )
        let run = try Run.open(directory)
        #expect(run.description.models == moved)
        #expect(run.description.recipe.job == job)
        #expect(run.description.configSHA256 == before.description.configSHA256)
        #expect(try publish(job, models: moved).publication == .unchanged)
    }

    @Test("places of a run that somebody works on are not changed")
    func placesOfABusyRun() throws {
        _ = try publish(try testJob())
        let lock = try RunLock(directory)
        defer { withExtendedLifetime(lock) {} }
        #expect { try publish(try testJob("gather=mpi")) } throws: { "\($0)".contains("is being worked on") }
        #expect(try Run.open(directory).job.gather == .shared)
    }

    @Test("the same plan over a damaged one is refused")
    func damagedPlanAgain() throws {
        let job = try testJob()
        _ = try publish(job)
        var bytes = try Data(contentsOf: directory.plan)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: directory.plan)
        #expect { try publish(job) } throws: { "\($0)".contains("plan.jsonl.zst is damaged") }
    }

    @Test func licencesStandInTheDescriptionAlone() throws {
        var licensed = models
        licensed[0].license = "cc-by-nc-sa-4.0"
        let run = try publish(try testJob(), models: licensed).run
        #expect(try String(contentsOf: directory.description, encoding: .utf8).contains("\"cc-by-nc-sa-4.0\""))
        #expect(try Run.open(directory).description.models.map(\.license) == ["cc-by-nc-sa-4.0", nil])
        #expect(
            run.description.configSHA256
                == run.description.recipe.identity(planSHA256: run.description.plan.sha256, models: models))
        #expect(try publish(try testJob()).publication == .unchanged)
    }

    @Test func foldersThatCannotBeWrittenAreNamed() throws {
        let path = try folder.write("a file where a folder is needed", to: "file")
        #expect {
            try Run.publish(
                plan(testJob()), .generation(testJob()), models: models, expectedBytes: 1,
                in: RunDirectory(URL(filePath: "\(path)/run", directoryHint: .isDirectory)))
        } throws: { error in
            guard case RunError.unwritable(let named, _)? = error as? RunError else { return false }
            return named == "\(path)/run"
        }
    }

    @Test(arguments: [
        ("sampling.steps=31", "job tasks.v2a.sampling.steps: 30 → 31"), ("batch=3", "job batch: 8 → 3"),
        ("seed=5", "sample 0 (k0): other seed"),
        ("guidance=off", "guidance"),
    ])
    func anotherPlanIsRefusedWithWhatDiffers(setting: String, expected: String) throws {
        _ = try publish(try testJob())
        #expect { try publish(try testJob(setting)) } throws: { error in
            guard case RunError.conflict(_, let differences)? = error as? RunError else { return false }
            return differences.contains { $0.contains(expected) }
        }
    }

    @Test func otherModelsOrRowsAreRefused() throws {
        let job = try testJob()
        _ = try publish(job)
        var other = models
        other[1].files[0].sha256 = "cc"
        #expect { try publish(job, models: other) } throws: {
            "\($0)".contains("model binder: other content in imagebind.pth")
        }
        #expect { try publish(job, count: 6) } throws: { "\($0)".contains("samples: 5 → 6") }
    }

    @Test func directoriesWithForeignShardsAreRefused() throws {
        try directory.layout.create()
        try Data().write(to: directory.url.appending(path: "shards/shard-000000.tar.zst"))
        #expect { try publish(try testJob()) } throws: {
            "\($0)".contains("holds shard-000000.tar.zst but no run.json")
        }
    }

    @Test("a directory without run.json is no run")
    func noRun() throws {
        #expect { try Run.open(directory) } throws: { "\($0)".contains("no run.json") }
    }

    @Test func alteredDescriptionsAreFound() throws {
        _ = try publish(try testJob())
        let text = try String(contentsOf: directory.description, encoding: .utf8)
        for (old, new) in [
            ("\"steps\" : 30", "\"steps\" : 31"), ("seehear.run/4", "seehear.run/9"),
            ("\"samples\" : 5", "\"samples\" : 6"),
            ("\"generation\"", "\"painting\""), ("\"batch\"", "\"bach\""),
            ("{", ""),
        ] {
            #expect(text.contains(old))
            try Data(text.replacing(old, with: new).utf8).write(to: directory.description)
            #expect(throws: RunError.self) { try Run.open(directory) }
        }
    }

    @Test func anotherVersionsRunIsNamedAsSuch() throws {
        try FileManager.default.createDirectory(at: directory.url, withIntermediateDirectories: true)
        try Data(#"{"schema": "seehear.run/1", "job": {"sampling": {}}}"#.utf8).write(to: directory.description)
        #expect { try Run.open(directory) } throws: {
            "\($0)".contains("run.json was planned by another version of seehear: its schema is `seehear.run/1`")
        }
    }

    @Test func aPlanOfATaskWithoutSettingsIsDamaged() throws {
        let job = try testJob()
        _ = try publish(job.narrowed(to: [.joint]))
        #expect { try Run.open(directory).tally() } throws: { "\($0)".contains("it has no settings for task v2a") }
    }

    @Test func alteredPlansAreFound() throws {
        let job = try testJob()
        _ = try publish(job)
        let other = try Plan(
            samples: plan(job, count: 5).samples.map { sample in
                var sample = sample
                // As long as before.
                sample.prompt = "q"
                return sample
            }, job: job)
        try Data(other.rows.bytes(of: 0)).write(to: directory.plan)
        #expect(throws: RunError.self) { try Run.open(directory).tally() }
    }

    @Test("batches and shards of the rows must be those of the job")
    func rowsInOtherBatches() throws {
        let job = try testJob("batch=4")
        _ = try Run.publish(plan(testJob("batch=3")), .generation(job), models: models, expectedBytes: 1, in: directory)
        #expect { try Run.open(directory).tally() } throws: {
            "\($0)".contains("row 3 is not in the batch and shard that the run puts it in")
        }
    }

    @Test("a mutated run.json gives a description or an error that says something")
    func fuzz() throws {
        _ = try publish(try testJob())
        let bytes = [UInt8](try Data(contentsOf: directory.description))
        var mutator = ByteMutator(seed: 5)
        for _ in 0..<1_000 {
            do throws(RunError) {
                _ = try RunDescription(parsing: mutator.mutate(bytes), path: "run.json")
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}

@Suite struct RunStatusTests {
    private let folder: TemporaryFolder
    private let directory: RunDirectory

    init() throws {
        folder = try TemporaryFolder()
        directory = RunDirectory(folder.url.appending(path: "run", directoryHint: .isDirectory))
    }

    private func publishSegment(
        _ run: Run, batch: Int, failing: Set<Int> = [], scores: [Int: Double] = [:], losses: [Int: [Double]] = [:]
    ) throws {
        let planned = try run.samples(of: batch, as: PlannedSample.self)
        let rows = planned.map { sample in
            SampleRow(
                index: sample.index, key: sample.key, task: "v2a", prompt: sample.prompt, seed: sample.seed,
                status: failing.contains(sample.index) ? .failed : .ok, losses: losses[sample.index] ?? [],
                findings: SampleFindings(choice: .init(score: scores[sample.index])),
                error: failing.contains(sample.index) ? .init(kind: "nan", message: "the sound is not a number") : nil,
                seconds: 2, rank: 1 + batch % 2)
        }
        let made = planned.filter { !failing.contains($0.index) }.map {
            Sample(key: $0.key, members: ["json": Array("{}".utf8)])
        }
        let segment = try EncodedSegment(
            batch: batch, configSHA256: run.description.configSHA256, samples: made, rows: rows)
        _ = try SegmentStore(layout: directory.layout, configSHA256: run.description.configSHA256).publish(segment)
    }

    @Test func countsWhatTheFilesSay() throws {
        let job = try testJob("batch=2", "shard=4")
        let run = try Run.publish(
            plan(job, count: 7), .generation(job), models: models, expectedBytes: 1, in: directory
        ).run
        var reader = try RunStatusReader(directory)
        #expect(try reader.read().state == .planned)

        try publishSegment(run, batch: 0, failing: [1])
        try publishSegment(run, batch: 2)
        var status = try reader.read()
        #expect(status.state == .stopped)
        #expect(status.done == 4)
        #expect(status.failed == 1)
        #expect(status.remaining == 3)
        #expect(status.segments == 2)
        #expect(status.shardsCommitted == 0)

        try Data().write(to: directory.beat)
        #expect(try reader.read().state == .running)
        #expect(try reader.read(now: Date(timeIntervalSinceNow: 60)).state == .stopped)

        let listing = try entries()
        #expect(listing.map(\.state) == [.ok, .failed, .pending, .pending, .ok, .ok, .pending])
        #expect(listing[1].kind == "nan")
        let rate = try #require(try MeasuredRate(of: directory))
        #expect(rate.workers == 1)
        #expect(try abs(rate.costPerSecond - run.tally().batchCosts[0] / 2) < 1e-9)

        try publishSegment(run, batch: 1)
        try publishSegment(run, batch: 3)
        let store = SegmentStore(layout: directory.layout, configSHA256: run.description.configSHA256)
        let assembler = ShardAssembler(
            layout: directory.layout, configSHA256: run.description.configSHA256, compression: .zstd)
        for shard in (0..<run.layout.shards).map({ run.layout.shard($0) }) {
            _ = try assembler.assemble(
                ShardContents(shard: shard.number, firstIndex: shard.firstIndex, batches: Array(shard.batches)))
            try store.discard(batches: shard.batches)
            status = try reader.read()
            #expect(status.shardsCommitted == shard.number + 1)
        }
        #expect(status.state == .complete)
        #expect(status.done == 7)
        #expect(status.failed == 1)
        #expect(status.remaining == 0)
        #expect(try entries().map(\.shard)[6] == "shard-000001.tar.zst")
    }

    private func entries() throws -> [RunListing.Entry] {
        var entries: [RunListing.Entry] = []
        try RunListing(directory).forEach { entries.append($0) }
        return entries
    }

    @Test("samples are listed by score and by loss, and those without one come last")
    func orders() throws {
        let job = try testJob("batch=2", "shard=4")
        let run = try Run.publish(
            plan(job, count: 6), .generation(job), models: models, expectedBytes: 1, in: directory
        ).run
        try publishSegment(run, batch: 0, scores: [0: 0.25, 1: 0.75], losses: [0: [2, 1], 1: [1, 3]])
        try publishSegment(run, batch: 1, failing: [2], scores: [3: 0.75], losses: [3: [.nan]])
        let listing = try RunListing(directory)
        func indices(_ order: RunListing.Order, reversed: Bool = false) throws -> [Int] {
            var indices: [Int] = []
            try listing.forEach(by: order, reversed: reversed) { indices.append($0.index) }
            return indices
        }
        #expect(try indices(.index) == [0, 1, 2, 3, 4, 5])
        #expect(try indices(.index, reversed: true) == [5, 4, 3, 2, 1, 0])
        #expect(try indices(.score) == [1, 3, 0, 2, 4, 5], "of equal scores the first")
        #expect(try indices(.score, reversed: true) == [0, 1, 3, 2, 4, 5])
        #expect(try indices(.loss) == [0, 1, 2, 3, 4, 5])
        #expect(try indices(.loss, reversed: true) == [1, 0, 2, 3, 4, 5])
        let keys = try entries().map(\.key)
        #expect(try indices(.key).map { keys[$0] } == keys.sorted())
        var failed: [Int] = []
        try listing.forEach(by: .score, where: { $0.state == .failed }) { failed.append($0.index) }
        #expect(failed == [2])
        let first = try #require(try entries().first)
        #expect(first.score == 0.25 && first.loss == 1)
        #expect(first.inObjective == true, "the preset's aligner works with the binder")
        #expect(try entries()[2].inObjective == nil)
        #expect(try listing.hasScores())
    }

    @Test("samples are listed by what an evaluation gave them, and those without a value come last")
    func evaluatedOrder() throws {
        let job = try testJob("batch=2", "shard=4")
        _ = try Run.publish(plan(job, count: 4), .generation(job), models: models, expectedBytes: 1, in: directory)
        let listing = try RunListing(
            directory,
            values: [ExactText("k0"): ["kl": 1], ExactText("k2"): ["kl": 3, "x": 0], ExactText("k3"): ["x": 9]])
        func keys(_ metric: String, reversed: Bool = false) throws -> [String] {
            var keys: [String] = []
            try listing.forEach(by: .metric(metric), reversed: reversed) { keys.append($0.key) }
            return keys
        }
        #expect(try keys("kl") == ["k2", "k0", "k1", "k3"])
        #expect(try keys("kl", reversed: true) == ["k0", "k2", "k1", "k3"])
        #expect(try keys("x") == ["k3", "k2", "k0", "k1"])
        var values: [[String: Double]?] = []
        try listing.forEach { values.append($0.values) }
        #expect(values == [["kl": 1], nil, ["kl": 3, "x": 0], ["x": 9]])
    }

    @Test("a run without scores is listed without them")
    func noScores() throws {
        let job = try testJob("batch=2", "shard=4", "guidance=off")
        let run = try Run.publish(
            plan(job, count: 4), .generation(job), models: models, expectedBytes: 1, in: directory
        ).run
        try publishSegment(run, batch: 0)
        #expect(try !RunListing(directory).hasScores())
        try publishSegment(run, batch: 1, scores: [3: 0.5])
        #expect(try RunListing(directory).hasScores())
        #expect(try entries()[3].inObjective == false, "nothing worked with the binder")
    }

    @Test func recordsOfAnotherRunAreRefused() throws {
        let job = try testJob("batch=2", "shard=4")
        _ = try Run.publish(plan(job, count: 7), .generation(job), models: models, expectedBytes: 1, in: directory)
        let record = directory.url.appending(path: "shards/shard-000000.json")
        var reader = try RunStatusReader(directory)
        for text in ["{", #"{"nsamples": 4, "config_sha256": "00"}"#, #"{"nsamples": 5}"#, #"{"nsamples": -1}"#] {
            try Data(text.utf8).write(to: record)
            #expect(throws: RunError.self) { try reader.read() }
        }
    }

    @Test func ratesForgetPauses() {
        func events(_ times: [Double], _ samples: Int = 8) -> [RunStatusReader.Event] {
            times.map { .init(time: Date(timeIntervalSince1970: $0), samples: samples) }
        }
        #expect(RunStatusReader.rate(of: []) == nil)
        #expect(RunStatusReader.rate(of: events([5])) == nil)
        #expect(RunStatusReader.rate(of: events([0, 2, 4, 6])) == 4)
        // Stopped for an hour, then half as fast.
        #expect(RunStatusReader.rate(of: events([0, 2, 4, 3604, 3608, 3612])) == 2)
        #expect(RunStatusReader.rate(of: events([7, 7])) == nil)
    }

    @Test("times are written for people")
    func timesForPeople() {
        #expect(TimeText.short(45.2) == "45 s")
        #expect(TimeText.short(7800) == "2 h 10 min")
        #expect(TimeText.short(.infinity) == "unknown")
    }
}
