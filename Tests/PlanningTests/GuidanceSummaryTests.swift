import JSON
import Method
import Planning
import Testing

@testable import Planning

private func summary(
    _ task: GenerationTask, _ text: String, labels: Int? = 72,
    _ extent: SampleExtent = SampleExtent(duration: 10, frames: nil)
) throws -> GuidanceSummary {
    let job = try JobFile.resolve(
        "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, image: e/f, motion: g/h, binder: c/d}\n"
            + text, path: "/data/job.yaml")
    return GuidanceSummary(job, task, extent, labels: labels)
}

private let film = SampleExtent(duration: 2, frames: 16)

@Suite struct GuidanceSummaryTests {
    @Test("a summary says what a preset does, in words and numbers")
    func search() throws {
        let found = try summary(.v2a, "preset: search")
        #expect(
            found.lines[0]
                == "v2a, preset search: 30 steps of ddim; words from 72 captions (temperature 0.03); "
                + "16 beginnings, 4 after step 3, 1 after step 9; no gradients; heard past the vocoder.")
        #expect(
            found.lines[1].hasPrefix(
                "108 evaluations of the denoiser in place of 30, 20 scores; \((found.cost * 10).rounded() / 10) times the work"
            ))
        #expect(found.lines[1].hasSuffix("; 16 rows at once."))
        #expect(found.cost > 108.0 / 34 && found.cost < 2 * 108.0 / 30)
        #expect(found.video == nil)
    }

    @Test(
        "what is done is said for every guide",
        arguments: [
            (GenerationTask.v2a, "guidance: off", ["the plain pipeline"]),
            (
                .v2a, "",
                ["one beginning", "the aligner (adam, rate 0.1, of the prompt 0), 1 gradient at each of 23 steps"]
            ),
            (
                .a2i, "guidance: {inner_steps: 3, below: 400}",
                ["one beginning", "the aligner (adam, rate 0.01, of the prompt 0.01), 3 gradients at each of 10 steps"]
            ),
            (
                .v2a, "guidance: {stop: 0.5, learning_rate_scale: sigma}",
                [
                    "one beginning",
                    "the aligner (adam, rate 0.1 of the noise, of the prompt 0), 1 gradient at each of 8 steps",
                ]
            ),
            (
                .v2a, "preset: guided",
                [
                    "one beginning",
                    "pushes of 0.3 in the noise at each of 12 steps by the predicted latent, each done 4 times, "
                        + "also towards the caption as far as it fits, a caption that fits less than 0.2 is not followed",
                    "heard past the vocoder",
                ]
            ),
            (
                .v2a, "preset: both\nguidance: {through: denoiser, until: 0.5, hearing: vocoder, text_term: on}",
                [
                    "words from 72 captions (temperature 0.03)", "one beginning",
                    "pushes of 0.3 in the noise at each of 15 steps through the denoiser, 9 of them done 4 times, "
                        + "also towards the caption",
                ]
            ),
            (
                .joint, "preset: search\nguidance: {best: 2, keep: all}",
                [
                    "the video, then the sound for it", "a definite caption out of 72 captions (temperature 0.05)",
                    "words from 72 captions (temperature 0.03)",
                    "sound: 16 beginnings, 4 after step 2, 2 after step 7, 2 finished, all of these kept",
                    "video: one beginning", "no gradients", "heard past the vocoder",
                ]
            ),
            (
                .a2v, "guidance: {gradient: off, particles: 4}",
                ["4 beginnings, 4 finished, the best of these kept", "no gradients"]
            ),
            (
                .i2a, "preset: guided\nguidance: {until: 0, travel: 1, trust_below: 0}",
                ["one beginning", "no step is pushed"]
            ),
        ])
    func parts(task: GenerationTask, text: String, expected: [String]) throws {
        #expect(try summary(task, text, film).parts == expected)
    }

    @Test("the plain pipeline costs once its work, and guides cost more")
    func cost() throws {
        for task in GenerationTask.allCases {
            let extent =
                task.makesImage
                ? SampleExtent(duration: 0, frames: 1) : task.makesVideo ? film : SampleExtent(duration: 5, frames: nil)
            let plain = try summary(task, "guidance: off", extent)
            #expect(plain.cost == 1 && plain.lines[1].hasSuffix("1.0 times the work of a plain run; 8 rows at once."))
            for preset in ["official", "guided", "both"] {
                #expect(try summary(task, "preset: \(preset)", extent).cost > 1)
            }
        }
    }

    @Test("a step that asks the network more than once counts as often")
    func questions() throws {
        let plain = try summary(.mm, "guidance: off")
        #expect(plain.steps == 7 && plain.video?.evaluations == 20 && plain.cost == 1)
        #expect(plain.lines[1].hasPrefix("sound: 20 evaluations of the denoiser; video: 20 evaluations"))
        let search = try summary(.mm, "preset: search")
        // 25 steps, 8 beginnings in three, 4 in five more.
        #expect(search.steps == 25 && search.video?.evaluations == 8 * 3 + 4 * 5 + 17 && search.video?.scores == 8 + 4)
    }

    @Test("rows at once are those of a batch, and of all its beginnings no more than the job says")
    func rowsAtOnce() throws {
        func rows(_ text: String) throws -> Int? { try summary(.v2a, text).audio?.rowsAtOnce }
        #expect(try rows("batch: 40") == 40)
        #expect(try rows("batch: 2\nguidance: {particles: 4}") == 8)
        #expect(try rows("batch: 8\nguidance: {particles: 4, rows_at_once: 10}") == 10)
        #expect(try rows("batch: 8\nguidance: {particles: 4, rows_at_once: 2}") == 8)
    }

    @Test("a summary is written under the names of the table")
    func json() throws {
        let text = String(decoding: try JSONCoding.encode(try summary(.v2a, "preset: search")), as: UTF8.self)
        #expect(
            text.contains(#""audio":{"evaluations":108,"finished":1,"gradients":0,"rows_at_once":16,"scores":20}"#),
            "\(text)")
        #expect(text.contains(#""preset":"search""#) && text.contains(#""steps":30"#) && !text.contains("video\":"))
    }

    @Test("a video whose sound follows is finished once, whatever is kept of the sound")
    func videoFirst() throws {
        let found = try summary(.joint, "preset: search\nguidance: {best: 4}", film)
        #expect(found.audio?.finished == 4 && found.video?.finished == 1 && found.video?.evaluations == 25)
    }
}
