import Foundation
import JSON
import Method
import Planning
import Shard
import TestSupport
import Testing

@testable import Planning

/// The smallest job.
private let smallest = """
    task: v2a
    manifest: clips.jsonl
    models: {audio: cvssp/audioldm-m-full, binder: checkpoints/imagebind_huge.pth}

    """

private func resolve(_ text: String, _ overrides: [String] = []) throws(JobError) -> Job {
    try JobFile.resolve(text, path: "/data/jobs/job.yaml", overrides: overrides)
}

private func problems(_ text: String, _ overrides: [String] = []) -> [JobProblem] {
    do throws(JobError) {
        _ = try resolve(text, overrides)
        return []
    } catch {
        if case .invalid(let problems) = error { return problems }
        return []
    }
}

@Suite struct JobFileTests {
    @Test("the architecture's example of a job file is read with every value as written")
    func architectureExample() throws {
        let job = try resolve(
            """
            task: v2a                       # v2a i2a a2v a2i joint, each also with guidance: off
            manifest: clips.jsonl           # or csv, txt
            models: {audio: cvssp/audioldm-m-full, binder: checkpoints/imagebind_huge.pth}
            preset: official                # or paper; fills what is not given below
            sampling: {steps: 30, cfg_scale: 2.5, duration: 8.0, eta: 0}
            guidance: {optimizer: adam, learning_rate: {audio: 0.1}, prompt_learning_rate: 0, inner_steps: 1, start: 0.2, every: 1}
            seed: 30
            batch: 8                        # samples that are computed together
            shard: 256                      # samples in one shard
            precision: fp32                 # bf16, fp16
            device: auto
            compression: zstd
            members: [json, flac, mp4, audio_latent]
            """)
        #expect(job.manifest == "/data/jobs/clips.jsonl")
        #expect(job.settings(for: .v2a).sampling.audio?.duration == .seconds(8))
        #expect(job.settings(for: .v2a).sampling.audio?.sampler.cfgScale == 2.5)
        #expect(job.settings(for: .v2a).members == [.audioLatent, .flac, .json, .mp4])
        #expect(job.models[.audioLDM] == "cvssp/audioldm-m-full")
        // What CUDA alone has is no part of the identity of a job that does without.
        #expect(try resolve(smallest + "tf32: off\ngraphs: off") == resolve(smallest))
        let fast = try resolve(smallest + "tf32: on\ngraphs: on")
        #expect(fast.tf32 == .on && fast.graphs == .on)
        let official = try resolve(smallest + "sampling: {duration: 8, cfg_scale: 2.5}")
        #expect(job.settings(for: .v2a) == official.settings(for: .v2a))
    }

    @Test("each preset fills in its own defaults")
    func presets() throws {
        let official = try resolve(smallest)
        guard case .aligner(let first) = official.settings(for: .v2a).guidance.gradient else {
            Issue.record("the official preset is guided")
            return
        }
        #expect(first.optimizer == .adam)
        #expect(first.window == .start(0.2))
        #expect(first.x0Pairing == .official)
        #expect(first.learningRate == PerModality(audio: 0.1, video: 0.01))
        #expect(official.settings(for: .v2a).sampling.steps == 30)
        #expect(official.settings(for: .v2a).sampling.audio?.duration == .source)
        #expect(
            official.clips
                == ClipSettings(
                    clipDuration: 1, clipsPerVideo: nil, framesPerClip: 2, targetLength: 204, audioMean: -4.268,
                    audioStd: 9.138))
        #expect(official.clips.clips(in: 9.2) == 10)

        guard case .aligner(let second) = try resolve(smallest + "preset: paper").settings(for: .v2a).guidance.gradient
        else {
            Issue.record("the paper's preset is guided")
            return
        }
        #expect(second.optimizer == .sgd)
        #expect(second.window == .below(800))
        #expect(second.x0Pairing == .paper)
    }

    @Test func presetFillsOnlyWhatIsMissing() throws {
        let job = try resolve(smallest + "preset: paper\nguidance: {optimizer: adam, start: 0.5}")
        guard case .aligner(let aligner) = job.settings(for: .v2a).guidance.gradient else {
            Issue.record("guided")
            return
        }
        #expect(aligner.optimizer == .adam)
        #expect(aligner.window == .start(0.5))
        #expect(aligner.x0Pairing == .paper)
    }

    @Test("guidance can be turned off in the file or on the command line")
    func guidanceOff() throws {
        #expect(try resolve(smallest + "guidance: off").settings(for: .v2a).guidance == .off)
        #expect(try resolve(smallest, ["guidance=off"]).settings(for: .joint).guidance == .off)
    }

    @Test("values on the command line win over the file, and the last of them over the others")
    func overridesWin() throws {
        let job = try resolve(
            smallest,
            [
                "sampling.steps=10", "members=[json, wav]", "sampling.steps=12", "negative_prompt=low: bad",
                "threads=auto",
            ])
        #expect(job.settings(for: .v2a).sampling.steps == 12)
        #expect(job.settings(for: .v2a).members == [.json, .wav])
        #expect(job.negativePrompt == "low: bad")
        #expect(job.threads == nil)
    }

    @Test(
        "an override that cannot be used is refused and named",
        arguments: [
            ("sampling.steps", "it must have the form key=value"), (".steps=1", "empty part"),
            ("members=[a", "not valid YAML"),
            ("task.name=1", "is `v2a`, which has no keys"),
        ])
    func badOverrides(text: String, expected: String) {
        #expect {
            try resolve(smallest, [text])
        } throws: { error in
            "\(error)".contains(expected) && "\(error)".hasPrefix("--set \(text)")
        }
    }

    @Test func overrideIsNamedAsThePlace() throws {
        let found = problems(smallest, ["batch=0"])
        #expect(
            found == [
                JobProblem(
                    location: "--set batch=0", key: "batch", found: "is `0`",
                    allowed: "it must be a whole number from 1 to 4096")
            ])
    }

    @Test(
        "a wrong value is refused with its line, key and what is there",
        arguments: [
            ("batch: eight", "job.yaml:4", "batch", "is `eight`"),
            ("batch: \"8\"", "job.yaml:4", "batch", "is `8`"),
            ("batch: 8.5", "job.yaml:4", "batch", "is `8.5`"),
            ("batch: [8]", "job.yaml:4", "batch", "is a list"),
            ("batch:", "job.yaml:4", "batch", "is empty"),
            ("seed: -1", "job.yaml:4", "seed", "is `-1`"),
            ("seed: 9223372036854775808", "job.yaml:4", "seed", "is `9223372036854775808`"),
            ("sampling: 5", "job.yaml:4", "sampling", "is `5`"),
            ("sampling:\n  steps: 0", "job.yaml:5", "sampling.steps", "is `0`"),
            ("sampling:\n  eta: .nan", "job.yaml:5", "sampling.eta", "is `.nan`"),
            ("sampling: {duration: forever}", "job.yaml:4", "sampling.duration", "is `forever`"),
            ("sampling: {duration: 0}", "job.yaml:4", "sampling.duration", "is `0`"),
            ("binder: {clip_duration: 0.5}", "job.yaml:4", "binder.clip_duration", "is `0.5`"),
            ("binder: {clip_duration: 0}", "job.yaml:4", "binder.clip_duration", "is `0`"),
            ("precision: fp8", "job.yaml:4", "precision", "is `fp8`"),
            ("tf32: yes", "job.yaml:4", "tf32", "is `yes`"),
            ("device: cpu\ntf32: on", "job.yaml:5", "tf32", "is on with `device: cpu`"),
            ("graphs: on\ndevice: cpu", "job.yaml:4", "graphs", "is on with `device: cpu`"),
            ("guidance: on", "job.yaml:4", "guidance", "is `on`"),
            ("guidance: {text_term: yes}", "job.yaml:4", "guidance.text_term", "is `yes`"),
            ("guidance: {start: 0.2, below: 800}", "job.yaml:4", "guidance.below", "cannot be combined with `start`"),
            ("guidance: {learning_rate: {audio: x}}", "job.yaml:4", "guidance.learning_rate.audio", "is `x`"),
            ("members: [json, video_latent]", "job.yaml:4", "members", "names nothing that task v2a makes"),
            ("members: [json, gif]", "job.yaml:4", "members", "holds a value that is `gif`"),
            ("members: [flac]", "job.yaml:4", "members", "leaves out `json`"),
            ("members: [json, json]", "job.yaml:4", "members", "names `json` twice"),
            ("models2: x", "job.yaml:4", "models2", "is not a setting"),
            ("sampling: {frames: 0}", "job.yaml:4", "sampling.frames", "is `0`"),
            ("sampling: {fps: 0}", "job.yaml:4", "sampling.fps", "is `0`"),
            ("sampling: {fps: 121}", "job.yaml:4", "sampling.fps", "is `121`"),
            ("sampling: {width: 260}", "job.yaml:4", "sampling.width", "is `260`"),
            ("sampling: {height: 56}", "job.yaml:4", "sampling.height", "is `56`"),
            ("sampling: {scheduler: pndm}", "job.yaml:4", "sampling.scheduler", "is `pndm`"),
            ("sampling: {scheduler: {video: heun}}", "job.yaml:4", "sampling.scheduler.video", "is `heun`"),
            ("sampling: {scheduler: {text: ddim}}", "job.yaml:4", "sampling.scheduler.text", "is not a setting"),
            ("sampling: {beta_schedule: cosine}", "job.yaml:4", "sampling.beta_schedule", "is `cosine`"),
            ("sampling: {timestep_spacing: {audio: 3}}", "job.yaml:4", "sampling.timestep_spacing.audio", "is `3`"),
            ("sampling: {karras_sigmas: 1}", "job.yaml:4", "sampling.karras_sigmas", "is `1`"),
            ("guidance: {prompt_learning_rate: -1}", "job.yaml:4", "guidance.prompt_learning_rate", "is `-1`"),
            ("guidance: {prompt_optimizer: adamw}", "job.yaml:4", "guidance.prompt_optimizer", "is `adamw`"),
            ("guidance: {prompt_state: kept}", "job.yaml:4", "guidance.prompt_state", "is `kept`"),
            ("memory: medium", "job.yaml:4", "memory", "is `medium`"),
            ("caption: blip", "job.yaml:4", "caption", "is `blip`"),
            ("caption: labels", "job.yaml:1", "labels", "is missing"),
            ("labels: l.txt", "job.yaml:4", "labels", "is set and nothing reads it"),
            ("blank: no", "job.yaml:4", "blank", "is `no`"),
            ("tasks: {t2a: {}}", "job.yaml:4", "tasks.t2a", "is not a setting"),
            ("tasks: [a2v]", "job.yaml:4", "tasks", "is a list"),
            ("tasks: {a2v: off}", "job.yaml:4", "tasks.a2v", "is `off`"),
            (
                "tasks:\n  a2v:\n    members: [json, flac]", "job.yaml:6", "tasks.a2v.members",
                "holds a value that is `flac`"
            ),
            ("tasks: {a2v: {members: [mp4]}}", "job.yaml:4", "tasks.a2v.members", "leaves out `json`"),
            ("tasks: {a2v: {guidance: on}}", "job.yaml:4", "tasks.a2v.guidance", "is `on`"),
            ("tasks: {v2a: {sampling: {frames: 8}}}", "job.yaml:4", "tasks.v2a.sampling.frames", "is not a setting"),
            (
                "tasks: {a2v: {sampling: {duration: 2}}}", "job.yaml:4", "tasks.a2v.sampling.duration",
                "is not a setting"
            ),
            (
                "tasks: {a2v: {sampling: {cfg_scale: {audio: 2}}}}", "job.yaml:4", "tasks.a2v.sampling.cfg_scale.audio",
                "is not a setting"
            ),
            (
                "tasks: {a2v: {guidance: {start: 0.1, below: 3}}}", "job.yaml:4", "tasks.a2v.guidance.below",
                "cannot be combined with `start`"
            ),
        ])
    func wrongValues(line: String, location: String, key: String, found: String) throws {
        let all = problems(smallest + line)
        let problem = try #require(all.first)
        #expect(all.count == 1)
        #expect(problem.location == location)
        #expect(problem.key == key)
        #expect(problem.found == found)
        #expect(!problem.allowed.isEmpty)
    }

    @Test("the clips of the binder last whole seconds")
    func clipsLastWholeSeconds() throws {
        #expect(try resolve(smallest + "binder: {clip_duration: 2}").clips.clipDuration == 2)
        let found = problems(smallest + "binder: {clip_duration: 1.5}")
        #expect(
            found.map(\.description) == [
                "job.yaml:4: `binder.clip_duration` is `1.5`; it must be a whole number of seconds from 1 to 60"
            ])
    }

    @Test func unknownKeysAreNamedWithTheNearest() {
        let found = problems(smallest + "sampling: {stepz: 10}\nbach: 3")
        #expect(found.map(\.key).sorted() == ["bach", "sampling.stepz"])
        #expect(found.first { $0.key == "bach" }?.allowed.contains("did you mean `batch`?") == true)
        #expect(found.first { $0.key == "sampling.stepz" }?.allowed.contains("did you mean `steps`?") == true)
    }

    @Test("all mistakes of a job are reported at once")
    func everyMistakeAtOnce() {
        let found = problems("task: v3a\nbatch: 0\nmodels: {audio: ''}\n")
        #expect(Set(found.map(\.key)) == ["task", "batch", "manifest", "models.audio", "models.binder"])
        #expect(found.count == 5)
    }

    @Test func gatheringIsChosen() throws {
        #expect(try resolve(smallest).gather == .shared)
        #expect(try resolve(smallest + "gather: mpi").gather == .mpi)
        #expect(problems(smallest + "gather: mp").first?.allowed.contains("mpi") == true)
    }

    @Test(
        "broken YAML ends in a job error",
        arguments: ["a: [", "a: 1\na: 2", "- 1\n- 2", "a: *b", "\"a\": \t@", "? {a: 1}\n: 2"])
    func brokenYAML(text: String) {
        #expect(throws: JobError.self) { try resolve(text) }
    }

    @Test func deepAndRepeatedYAMLEndsInAnError() {
        #expect(throws: JobError.self) { try resolve(String(repeating: "[", count: 20_000)) }
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<7 {
            bomb +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(throws: JobError.self) { try resolve(bomb) }
    }

    @Test("a job file that cannot be read says why")
    func filesThatCannotBeRead() throws {
        let folder = try TemporaryFolder()
        #expect { try JobFile.load(folder.url.appending(path: "none.yaml")) } throws: {
            "\($0)".contains("there is no such file")
        }
        #expect(throws: JobError.self) { try JobFile.load(folder.url) }
        let latin = folder.url.appending(path: "latin.yaml")
        try Data([0x74, 0xE9]).write(to: latin)
        #expect { try JobFile.load(latin) } throws: { "\($0)".contains("not UTF-8") }
    }

    @Test func canonicalJSONComesBack() throws {
        for extra in [
            "", "guidance: off",
            "preset: paper\nthreads: 2\nroot: clips\nseed: 9223372036854775807\nsampling: {duration: 2.5}",
            "memory: low\ncaption: labels\nlabels: l.txt\nblank: allow\nsampling: {fps: 7.5, scheduler: {video: euler}}",
            "tasks: {joint: {guidance: off, members: [json, mp4]}}", "preset: search\nlabels: l.txt", "preset: guided",
            "preset: both\nguidance: {best: 3, keep: all, particles: 8, rounds: {0: 4, 0.5: 3}, rows_at_once: 7}",
            "guidance: {words: on, hearing: spectrogram, definite: 0.5, order: in_turn}",
            "guidance: {gradient: noise, until: 0.2}\ntasks: {a2v: {guidance: {gradient: off, particles: 2}}}",
        ] {
            let job = try resolve(smallest + extra)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode(job)
            #expect(try JSONDecoder().decode(Job.self, from: data) == job)
            #expect(try encoder.encode(JSONDecoder().decode(Job.self, from: data)) == data)
        }
    }

    /// 4,500 mutations of two whole job files: each gives the same outcome twice, a job that comes back from its canonical
    /// JSON, or an error that says where and what.
    @Test("a mutated job file is read as a job or refused with its place, twice alike")
    func fuzz() throws {
        let seedText =
            smallest
            + "sampling: {steps: 30, duration: 8.0, frames: 16, fps: 7.5, width: 256, scheduler: {video: dpmsolver++}}\n"
            + "guidance: {start: 0.2, learning_rate: {audio: 0.1}, prompt_state: fresh}\nmembers: [json, flac]\n"
            + "tasks: {a2v: {guidance: off, members: [json, mp4]}, joint: {sampling: {steps: 5, eta: 0.5}}}\n"
            + "caption: labels\nlabels: l.txt\nmemory: low\n"
        let guides =
            smallest + "preset: search\nlabels: l.txt\nguidance:\n  gradient: noise\n  strength: 0.3\n  until: 0.4\n"
            + "  travel: 4\n  text_term: trust\n  words: {temperature: 0.03}\n  particles: {audio: 8, video: 2}\n"
            + "  rounds: {0.1: 4, 0.3: 1}\n  best: 2\n  keep: all\n  rows_at_once: 16\n  order: in_turn\n  definite: 0.05\n"
            + "tasks: {a2v: {guidance: {gradient: aligner, start: 0.2, rounds: off}}, joint: {guidance: off}}\n"
        var mutator = ByteMutator(seed: 7)
        var (jobs, invalid, unreadable) = (0, 0, 0)
        for round in 0..<4_500 {
            let seed = round % 3 == 0 ? guides : seedText
            let text = String(decoding: mutator.mutate(Array(seed.utf8)), as: UTF8.self)
            let outcome = Self.outcome(text)
            #expect(Self.outcome(text) == outcome, "\(text)")
            switch outcome {
            case .success(let job):
                jobs += 1
                #expect(try JSONCoding.decode(Job.self, from: JSONCoding.encode(job)) == job, "\(text)")
                let problems = GenerationTask.allCases.flatMap { job.problems(of: $0, location: "row 1") }
                for problem in problems { #expect(problem.location == "row 1" && !problem.key.isEmpty) }
            case .failure(.invalid(let problems)):
                invalid += 1
                #expect(!problems.isEmpty, "\(text)")
                for problem in problems {
                    #expect(problem.location.hasPrefix("job.yaml") && !problem.key.isEmpty, "\(problem)")
                    #expect(!problem.found.isEmpty && !problem.allowed.isEmpty, "\(problem)")
                }
            case .failure(.syntax(let path, _, let reason)):
                unreadable += 1
                #expect(path.hasSuffix("job.yaml") && !reason.isEmpty, "\(text)")
            case .failure(let error): Issue.record("\(error)")
            }
        }
        #expect(jobs > 50 && invalid > 100 && unreadable > 100, "\(jobs), \(invalid), \(unreadable)")
    }

    private static func outcome(_ text: String) -> Result<Job, JobError> {
        Result { () throws(JobError) in try resolve(text) }
    }
}
