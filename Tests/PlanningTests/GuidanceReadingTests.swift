import Foundation
import Method
import Planning
import Testing

@testable import Planning

private let head = """
    task: v2a
    manifest: clips.jsonl
    models: {audio: a/b, image: e/f, motion: g/h, binder: c/d}

    """

private func resolve(_ text: String = "", _ overrides: String...) throws(JobError) -> Job {
    try JobFile.resolve(head + text, path: "/data/jobs/job.yaml", overrides: overrides)
}

private func problems(_ text: String, _ overrides: String...) -> [JobProblem] {
    do throws(JobError) {
        _ = try JobFile.resolve(head + text, path: "/data/jobs/job.yaml", overrides: overrides)
        return []
    } catch {
        if case .invalid(let problems) = error { return problems }
        return []
    }
}

private func guidance(_ text: String, _ task: GenerationTask = .v2a) throws -> Guidance {
    try resolve(text).settings(for: task).guidance
}

private func noise(_ text: String, _ task: GenerationTask = .v2a) throws -> NoiseGuidanceSettings? {
    if case .noise(let noise) = try guidance(text, task).gradient { noise } else { nil }
}

private func aligner(_ text: String, _ task: GenerationTask = .v2a) throws -> AlignerSettings? {
    if case .aligner(let aligner) = try guidance(text, task).gradient { aligner } else { nil }
}

@Suite struct GuidanceReadingTests {
    @Test("a preset alone gives what it says of every task", arguments: Preset.allCases)
    func presetsAlone(preset: Preset) throws {
        let job = try resolve("preset: \(preset.rawValue)")
        for task in GenerationTask.allCases {
            var expected = preset.settings(for: task)
            // One beginning has nothing to choose from.
            if task == .a2v { expected.guidance.beginnings.rounds = [] }
            #expect(job.settings(for: task) == expected, "\(task)")
        }
    }

    @Test("every key of guidance in the noise is read")
    func everyKeyOfNoise() throws {
        let found = try noise(
            """
            guidance:
              {gradient: noise, strength: 1.5, until: 0.75, travel: 3, travel_until: 0.5, through: denoiser,
               text_term: on, trust_below: 0.1}
            """)
        #expect(
            found
                == NoiseGuidanceSettings(
                    strength: 1.5, until: 0.75, travel: 3, travelUntil: 0.5, through: .denoiser, textTerm: .on,
                    trustBelow: 0.1))
        #expect(try noise("guidance: {gradient: noise}") == Preset.official.noise(for: .v2a))
        #expect(try noise("preset: both\nguidance: {strength: 2}")?.strength == 2)
    }

    @Test("every key of beginnings, words, order and hearing is read")
    func everyOtherKey() throws {
        let found = try guidance(
            """
            guidance:
              gradient: off
              words: {temperature: 0.1}
              particles: {audio: 8, video: 2}
              rounds: {0: 6, 0.2: 6, 0.5: 3}
              best: 3
              keep: all
              rows_at_once: 32
              order: in_turn
              definite: 0.2
              hearing: spectrogram
            """, .joint)
        let rounds = [(0, 6), (0.2, 6), (0.5, 3)].map { BeginningSettings.Round(at: $0, keep: $1) }
        #expect(
            found
                == Guidance(
                    words: WordSettings(temperature: 0.1),
                    beginnings: BeginningSettings(
                        particles: PerModality(audio: 8, video: 2), rounds: rounds, best: 3, keep: .all, rowsAtOnce: 32),
                    joint: JointSettings(order: .inTurn, definite: 0.2), hearing: .spectrogram))
    }

    @Test(
        "the term of the caption is off, on, or weighed by trust where gradients are in the noise",
        arguments: [
            ("off", NoiseGuidanceSettings.TextTerm.off), ("false", .off), ("on", .on), ("true", .on), ("trust", .trust),
        ])
    func textTerm(word: String, expected: NoiseGuidanceSettings.TextTerm) throws {
        #expect(try noise("guidance: {gradient: noise, text_term: \(word)}")?.textTerm == expected)
        let text = "guidance: {text_term: \(word)}"
        if expected == .trust {
            #expect(
                problems(text).map(\.description) == [
                    "job.yaml:4: `guidance.text_term` is `trust`; it must be off or on: only `gradient: noise` weighs a caption by trust"
                ])
        } else {
            #expect(try aligner(text)?.textTerm == (expected == .on))
        }
    }

    @Test("time travel ends with guidance where only the end of guidance is written, and earlier than the preset's")
    func travelEndsWithGuidance() throws {
        func ends(_ text: String) throws -> [Double]? {
            try noise("preset: guided\n\(text)", .a2v).map { [$0.until, $0.travelUntil] }
        }
        #expect(try ends("guidance: {until: 0.2}") == [0.2, 0.2])
        #expect(try ends("guidance: {until: 0.8}") == [0.8, 0.4])
        #expect(try ends("guidance: {until: 0.2, travel_until: 0.3}") == [0.2, 0.3])
        #expect(try ends("guidance: {travel_until: 0.3}\ntasks: {a2v: {guidance: {until: 0.2}}}") == [0.2, 0.3])
        #expect(try ends("guidance: {until: 0.1}\ntasks: {a2v: {guidance: {until: 0.3}}}") == [0.3, 0.3])
        #expect(try ends("guidance: {until: 0.1}\ntasks: {a2v: {guidance: {travel: 2}}}") == [0.1, 0.1])
    }

    @Test("words are off, on with the preset's temperature, or on with their own")
    func words() throws {
        #expect(try guidance("preset: search\nguidance: {words: off}").words == nil)
        #expect(try guidance("guidance: {words: on}").words == WordSettings(temperature: 0.03))
        #expect(try guidance("guidance: {words: {}}").words == WordSettings(temperature: 0.03))
        let layers =
            "guidance: {words: {temperature: 0.5}}\ntasks: {v2a: {guidance: {words: off}}, i2a: {guidance: {words: on}}}"
        #expect(try guidance(layers).words == nil)
        #expect(try guidance(layers, .i2a).words == WordSettings(temperature: 0.5))
    }

    @Test("what a job file may hold a run may hold too, at both ends of every range")
    func rangesOfBoth() throws {
        for text in [
            "guidance: {words: {temperature: 1e-300}, order: in_turn, definite: 10, particles: 1024, rounds: {0: 1024, 0.999999: 1}}",
            "guidance: {gradient: noise, strength: 100, until: 1, travel: 32, travel_until: 1, trust_below: 1}",
            "guidance: {gradient: noise, strength: 0, until: 0, travel: 1, travel_until: 0, trust_below: 0}",
            "guidance: {best: 64, keep: all, rows_at_once: 4096, inner_steps: 100, every: 1000}",
            "guidance: {stop: 0, learning_rate_scale: sigma}", "guidance: {stop: 1, learning_rate_scale: none}",
        ] {
            #expect(try resolve("caption: labels\nlabels: l.txt\n" + text).problem == nil, "\(text)")
        }
    }

    @Test("a number of beginnings is for what the task makes, and leaves the other at the preset's")
    func particles() throws {
        let four = "preset: search\nguidance: {particles: 4}"
        #expect(try guidance(four, .v2a).beginnings.particles == PerModality(audio: 4, video: 1))
        #expect(try guidance(four, .a2v).beginnings.particles == PerModality(audio: 1, video: 4))
        #expect(try guidance(four, .joint).beginnings.particles == PerModality(audio: 4, video: 4))
        #expect(try guidance(four, .a2v).beginnings.rounds == [.init(at: 0.1, keep: 4), .init(at: 0.3, keep: 1)])
        let video = "preset: search\nguidance: {particles: {video: 2}}"
        #expect(try guidance(video, .v2a).beginnings.particles == PerModality(audio: 16, video: 1))
        #expect(try guidance(video, .a2i).beginnings.particles.video == 2)
        #expect(
            problems("tasks: {a2v: {guidance: {particles: {audio: 2}}}}").map(\.key) == [
                "tasks.a2v.guidance.particles.audio"
            ])
    }

    @Test("rounds of the preset that have nothing to cut give way; a job's own stay, and replace the preset's whole")
    func rounds() throws {
        #expect(try guidance("preset: search\nguidance: {particles: 1}").beginnings.rounds == [])
        #expect(try guidance("preset: search\nguidance: {best: 16}").beginnings.rounds == [])
        #expect(try guidance("preset: search\nguidance: {best: 3}").beginnings.rounds.count == 2)
        #expect(
            try guidance("preset: search\nguidance: {rounds: {0.5: 2}}").beginnings.rounds == [.init(at: 0.5, keep: 2)])
        #expect(try guidance("preset: search\nguidance: {rounds: off}").beginnings.rounds == [])
        #expect(try guidance("preset: search\nguidance: {rounds: {}}").beginnings.rounds == [])
        let job = try resolve("preset: search", "guidance.rounds={0.25: 2}", "guidance.rounds={0.5: 1}")
        #expect(job.settings(for: .v2a).guidance.beginnings.rounds == [.init(at: 0.5, keep: 1)])
        #expect(try guidance("guidance: {rounds: {0.2: 1}}").beginnings.rounds == [.init(at: 0.2, keep: 1)])
    }

    @Test("a task's section may have another kind of gradient than the file's top level, each with its own keys")
    func kindsOfGradients() throws {
        let text = """
            guidance: {gradient: noise, strength: 2, text_term: trust}
            tasks:
              a2v: {guidance: {gradient: aligner, learning_rate: 0.5, text_term: off}}
              a2i: {guidance: {gradient: off}}
              joint: {guidance: {strength: 3}}
            """
        #expect(try noise(text)?.strength == 2)
        #expect(try noise(text, .joint)?.strength == 3)
        #expect(try aligner(text, .a2v)?.learningRate.video == 0.5)
        #expect(try aligner(text, .a2v)?.textTerm == false)
        #expect(try guidance(text, .a2i) == .off)
        // The noise's settings of the top level are there again where a section comes back to them.
        let back =
            "preset: search\nguidance: {gradient: aligner, inner_steps: 2}\ntasks: {v2a: {guidance: {gradient: noise}}}"
        #expect(try noise(back) == Preset.search.noise(for: .v2a))
        #expect(try aligner(back, .i2a)?.innerSteps == 2)
    }

    @Test("guidance off is the plain pipeline under every preset, and a mapping below it brings the preset's back")
    func off() throws {
        for preset in Preset.allCases {
            let text = "preset: \(preset.rawValue)\nguidance: off\ntasks: {v2a: {guidance: {best: 1}}}"
            #expect(try guidance(text, .i2a) == .off)
            #expect(try guidance(text, .v2a) == preset.settings(for: .v2a).guidance)
            #expect(
                try guidance("preset: \(preset.rawValue)\nguidance: {best: 2}\ntasks: {v2a: {guidance: off}}") == .off)
        }
        #expect(try guidance("guidance: {gradient: off}") == .off)
    }

    @Test("what a video and its sound made together have no use for is left out where the preset alone asks for it")
    func together() throws {
        let found = try guidance("preset: search\nguidance: {order: together, particles: 4}", .joint)
        #expect(found.joint == .together && found.words == nil)
        #expect(found.beginnings.particles == PerModality(audio: 4, video: 4))
        #expect(try guidance("preset: search\nguidance: {order: together, particles: 4}", .v2a).words != nil)
        #expect(try guidance("preset: search\nguidance: {order: together, words: on}", .joint).words != nil)
        #expect(try guidance("preset: search\nguidance: {definite: off}", .joint).joint.definite == nil)
    }

    @Test(
        "a value that no guide has is refused with its place and what is there",
        arguments: [
            ("gradient: adam", "gradient", "is `adam`"),
            ("gradient: adam, strength: 1, learning_rate: 1, text_term: trust", "gradient", "is `adam`"),
            ("gradient: noise, strength: -1", "strength", "is `-1`"),
            ("gradient: noise, strength: 101", "strength", "is `101`"),
            ("gradient: noise, until: 1.1", "until", "is `1.1`"),
            ("gradient: noise, until: .nan", "until", "is `.nan`"),
            ("gradient: noise, travel: 0", "travel", "is `0`"),
            ("gradient: noise, travel: 33", "travel", "is `33`"),
            ("gradient: noise, travel: 1.5", "travel", "is `1.5`"),
            ("gradient: noise, travel_until: -0.1", "travel_until", "is `-0.1`"),
            ("gradient: noise, through: z0", "through", "is `z0`"),
            ("gradient: noise, text_term: maybe", "text_term", "is `maybe`"),
            ("gradient: noise, text_term: [on]", "text_term", "is a list"),
            ("gradient: noise, trust_below: 2", "trust_below", "is `2`"),
            ("words: yes", "words", "is `yes`"), ("words: 0.03", "words", "is `0.03`"),
            ("words: [on]", "words", "is a list"),
            ("words: {temperature: 0}", "words.temperature", "is `0`"),
            ("words: {temperature: 11}", "words.temperature", "is `11`"),
            ("words: {list: a.txt}", "words.list", "is not a setting"),
            ("particles: 0", "particles", "is `0`"), ("particles: 1025", "particles", "is `1025`"),
            ("particles: many", "particles", "is `many`"), ("particles: {audio: 0}", "particles.audio", "is `0`"),
            ("particles: {image: 4}", "particles.image", "is not a setting"),
            ("rounds: on", "rounds", "is `on`"), ("rounds: [4, 1]", "rounds", "is a list"),
            ("rounds:", "rounds", "is empty"),
            ("rounds: {0.1: 0}", "rounds.0.1", "is `0`"), ("rounds: {0.1: few}", "rounds.0.1", "is `few`"),
            ("rounds: {0.1: 1025}", "rounds.0.1", "is `1025`"), ("rounds: {0.1: [4]}", "rounds.0.1", "is a list"),
            ("rounds: {1: 4}", "rounds.1", "is no part of the steps"),
            ("rounds: {-0.1: 4}", "rounds.-0.1", "is no part of the steps"),
            ("rounds: {.nan: 4}", "rounds..nan", "is no part of the steps"),
            ("rounds: {third: 4}", "rounds.third", "is no part of the steps"),
            ("rounds: {0.3: 4, 0.1: 1}", "rounds.0.1", "does not come after 0.3"),
            ("rounds: {0.1: 4, 0.10: 1}", "rounds.0.10", "does not come after 0.1"),
            ("rounds: {0.1: 4, 0.3: 8}", "rounds.0.3", "keeps 8 where the round before left 4"),
            ("best: 0", "best", "is `0`"), ("best: 65", "best", "is `65`"), ("keep: 2", "keep", "is `2`"),
            ("keep: none", "keep", "is `none`"), ("rows_at_once: 0", "rows_at_once", "is `0`"),
            ("rows_at_once: 4097", "rows_at_once", "is `4097`"), ("order: video", "order", "is `video`"),
            ("definite: on", "definite", "is `on`"), ("definite: 0", "definite", "is `0`"),
            ("definite: 11", "definite", "is `11`"), ("hearing: ear", "hearing", "is `ear`"),
            ("strenght: 1", "strenght", "is not a setting"),
        ])
    func wrongValues(keys: String, key: String, found: String) throws {
        let all = problems(keys == "rounds:" ? "guidance:\n  rounds:" : "guidance: {\(keys)}")
        let problem = try #require(all.first)
        #expect(all.count == 1, "\(all)")
        #expect(problem.location == (keys == "rounds:" ? "job.yaml:5" : "job.yaml:4"))
        #expect(problem.key == "guidance.\(key)")
        #expect(problem.found == found)
        #expect(!problem.allowed.isEmpty)
    }

    @Test("rounds that are written twice are refused")
    func roundsTwice() {
        #expect(throws: JobError.self) { try resolve("guidance: {rounds: {0.1: 4, 0.1: 1}}") }
        let many = (0..<1001).map { "\(Double($0) / 2000): 1" }.joined(separator: ", ")
        #expect(problems("guidance: {rounds: {\(many)}}").map(\.found) == ["has 1001 rounds"])
    }

    @Test(
        "a key of another gradient is refused by name, with what to do",
        arguments: [
            ("", "strength: 1", "noise", "aligner"), ("", "until: 0.3", "noise", "aligner"),
            ("", "travel: 2", "noise", "aligner"), ("", "travel_until: 0.3", "noise", "aligner"),
            ("", "through: clean", "noise", "aligner"), ("", "trust_below: 0.1", "noise", "aligner"),
            ("search", "learning_rate: 0.1", "aligner", "off"), ("search", "strength: 1", "noise", "off"),
            ("guided", "optimizer: sgd", "aligner", "noise"),
            ("guided", "learning_rate: {audio: 1}", "aligner", "noise"),
            ("guided", "prompt_learning_rate: 0.1", "aligner", "noise"), ("guided", "start: 0.2", "aligner", "noise"),
            ("guided", "prompt_optimizer: sgd", "aligner", "noise"), ("guided", "below: 800", "aligner", "noise"),
            ("guided", "prompt_state: fresh", "aligner", "noise"), ("guided", "every: 2", "aligner", "noise"),
            ("guided", "inner_steps: 3", "aligner", "noise"), ("guided", "x0_pairing: paper", "aligner", "noise"),
            ("guided", "stop: 0.5", "aligner", "noise"), ("guided", "learning_rate_scale: none", "aligner", "noise"),
        ])
    func keysOfAnotherGradient(preset: String, setting: String, owner: String, kind: String) throws {
        let name = String(setting.prefix { $0 != ":" })
        let start = preset.isEmpty ? "" : "preset: \(preset)\n"
        for text in ["guidance: {\(setting)}", "tasks: {a2i: {guidance: {\(setting)}}}"] {
            let all = problems(start + text)
            let problem = try #require(all.first)
            #expect(all.count == 1, "\(all)")
            #expect(problem.key.hasSuffix("guidance.\(name)"))
            #expect(problem.found == "belongs to `gradient: \(owner)`, and `gradient` is \(kind) here")
            #expect(problem.allowed.contains("leave it out") && problem.allowed.contains("set `gradient: \(owner)`"))
            let isWindow = ["start", "below", "stop", "every"].contains(name)
            #expect(problem.allowed.contains("`until`") == (isWindow && kind == "noise"))
        }
    }

    @Test("the caption's term needs gradients")
    func textTermWithoutGradients() {
        #expect(
            problems("preset: search\nguidance: {text_term: on}").map(\.description) == [
                "job.yaml:5: `guidance.text_term` belongs to gradients, and `gradient` is off here; "
                    + "leave it out, or set `gradient: noise` or `gradient: aligner`"
            ])
    }

    @Test("what a task does not have is refused in its own section and passed over in the file's top level")
    func whatATaskDoesNotHave() throws {
        for (task, key, owner) in [
            ("v2a", "order: in_turn", "joint"), ("a2i", "definite: 0.1", "joint"), ("a2v", "order: together", "joint"),
            ("a2v", "hearing: vocoder", "tasks that make sound"), ("a2i", "hearing: vocoder", "tasks that make sound"),
            ("mm", "hearing: vocoder", "tasks with a vocoder"), ("mm", "order: in_turn", "joint"),
        ] {
            let name = String(key.prefix { $0 != ":" })
            #expect(
                problems("tasks: {\(task): {guidance: {\(key)}}}").map(\.description) == [
                    "job.yaml:4: `tasks.\(task).guidance.\(name)` is a setting of \(owner); leave it out: task \(task) does not have it"
                ])
        }
        let all = "guidance: {order: in_turn, definite: 0.5, hearing: spectrogram}"
        #expect(try guidance(all, .v2a) == Guidance(gradient: guidance("").gradient, hearing: .spectrogram))
        #expect(try guidance(all, .a2v) == guidance("", .a2v))
        #expect(try guidance(all, .joint).joint == JointSettings(order: .inTurn, definite: 0.5))
    }

    @Test("a list of captions is used by what stands in for captions, and by guides that read it")
    func whatUsesTheList() throws {
        let list = "labels: l.txt\n"
        #expect(problems(list).map(\.found) == ["is set and nothing reads it"])
        #expect(problems(list + "preset: search\nguidance: off").map(\.found) == ["is set and nothing reads it"])
        #expect(problems("preset: search") == [])
        for text in [
            "caption: labels", "preset: search", "preset: guided", "preset: both", "guidance: {words: on}",
            "guidance: {gradient: noise, text_term: off, trust_below: 0.1}",
            "guidance: {gradient: noise, trust_below: 0}",
            "tasks: {a2v: {guidance: {words: on}}}", "guidance: {order: in_turn, definite: 1}",
        ] {
            let job = try resolve(list + text)
            #expect(job.usesLabels && job.labels == "/data/jobs/l.txt", "\(text)")
        }
        let mixed = try resolve(list + "tasks: {a2v: {guidance: {words: on}}}")
        #expect(mixed.narrowed(to: [.v2a]).labels == nil)
        #expect(mixed.narrowed(to: [.a2v, .v2a]).labels != nil)
        #expect(try resolve(list + "caption: none").narrowed(to: [.v2a]).labels == nil)
        #expect(try resolve(list + "caption: none\nguidance: {words: on}").narrowed(to: [.v2a]).labels != nil)
    }
}
