import Method
import Planning
import Testing

@testable import Planning

private func problems(_ task: GenerationTask, _ text: String, labels: Bool = true) throws -> [String] {
    try JobFile.resolve(
        "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, image: e/f, motion: g/h, mm: i/j, binder: c/d}\n"
            + (labels ? "caption: labels\nlabels: l.txt\n" : "") + text, path: "/data/job.yaml"
    ).problems(of: task, location: "row 3").map(\.description)
}

@Suite struct GuidanceProblemTests {
    @Test("no preset has a problem of its own with any task", arguments: Preset.allCases)
    func presets(preset: Preset) throws {
        for task in GenerationTask.allCases {
            #expect(try problems(task, "preset: \(preset.rawValue)") == [])
            #expect(
                try problems(task, "preset: \(preset.rawValue)\nguidance: {particles: 4, best: 2, keep: all}") == [])
        }
    }

    @Test(
        "guides that read a list of captions are refused without one, each by its name",
        arguments: [
            (GenerationTask.v2a, "preset: search", ["words"]), (.a2v, "preset: both", ["words"]),
            (.joint, "preset: search", ["words", "definite"]), (.i2a, "preset: guided", ["text_term", "trust_below"]),
            (.a2i, "guidance: {gradient: noise, text_term: off}", ["trust_below"]),
            (.a2i, "guidance: {gradient: noise, trust_below: 0}", ["text_term"]),
            (.v2a, "guidance: {gradient: noise, text_term: on, trust_below: 0}", []),
            (.v2a, "preset: search\nguidance: {words: off}", []), (.v2a, "preset: search\nguidance: off", []),
            (.joint, "preset: guided\nguidance: {gradient: off, definite: 0.1}", ["definite"]),
        ])
    func withoutAList(task: GenerationTask, text: String, keys: [String]) throws {
        let off = ["words": "off", "definite": "off", "text_term": "on", "trust_below": "0"]
        #expect(
            try problems(task, text, labels: false)
                == keys.map {
                    "row 3: `guidance.\($0)` needs `labels`: a text file with one caption per line; "
                        + "name one, or set `guidance.\($0): \(off[$0] ?? "")`"
                })
        #expect(try problems(task, text) == [])
    }

    @Test(
        "settings of guides that contradict each other are refused by name",
        arguments: [
            (
                GenerationTask.v2a, "guidance: {rounds: {0.1: 1}}", "rounds",
                "chooses among one beginning; raise `guidance.particles`"
            ),
            (
                .v2a, "preset: search\nguidance: {particles: 1, rounds: {0.1: 1}}", "rounds",
                "chooses among one beginning"
            ),
            (.a2v, "preset: search\nguidance: {rounds: {0.1: 1}}", "rounds", "chooses among one beginning"),
            (
                .v2a, "guidance: {particles: 4, rounds: {0.1: 4}}", "rounds",
                "leaves all of 4 beginnings, of which 1 are to be finished"
            ),
            (.v2a, "guidance: {best: 4, rounds: {0.1: 1}}", "rounds", "leaves all of 4 beginnings, of which 4 are"),
            (.a2i, "guidance: {keep: all}", "keep", "is all beside `best: 1`; set `guidance.best`"),
            (.v2a, "preset: search\nguidance: {keep: all}", "keep", "is all beside `best: 1`"),
            (.v2a, "preset: guided\nguidance: {until: 0}", "travel", "is 4, and no step is guided: `until` is 0"),
            (
                .joint, "preset: search\nguidance: {order: together}", "particles",
                "has 16 beginnings of the sound and 1 of the video, made together; give one number for both"
            ),
            (
                .joint, "guidance: {particles: {audio: 2}}", "particles",
                "has 2 beginnings of the sound and 1 of the video, made together"
            ),
            (.joint, "guidance: {words: on}", "words", "has nothing to find words for"),
            (
                .joint, "guidance: {definite: 0.1}", "definite",
                "is for a video that is made first, and `order` is together"
            ),
        ])
    func contradictions(task: GenerationTask, text: String, key: String, words: String) throws {
        let found = try problems(task, text)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasPrefix("row 3: `guidance.\(key)` \(words)") == true, "\(found)")
        #expect(found.first?.contains("; ") == true)
    }

    @Test(
        "what may go together is taken",
        arguments: [
            (GenerationTask.v2a, "guidance: {best: 8}"), (.v2a, "guidance: {best: 8, keep: all}"),
            (.v2a, "guidance: {particles: 4}"), (.v2a, "guidance: {particles: 2, best: 5, keep: all}"),
            (.joint, "guidance: {order: in_turn}"), (.joint, "guidance: {particles: {audio: 2}, best: 2}"),
            (.joint, "preset: search\nguidance: {order: together, particles: 4}"),
            (.joint, "guidance: {order: in_turn, particles: {video: 8}, best: 8, rounds: {0.3: 1}}"),
            (.v2a, "preset: guided\nguidance: {until: 0, travel: 1}"),
            (.v2a, "preset: guided\nguidance: {strength: 0}"),
            (.v2a, "preset: guided\nsampling: {eta: 0.5}"),
            (.v2a, "preset: guided\nsampling: {scheduler: dpmsolver++}"),
            (.a2v, "preset: both\nsampling: {scheduler: euler, karras_sigmas: true}"),
        ])
    func allowed(task: GenerationTask, text: String) throws { #expect(try problems(task, text) == []) }
}
