import Files
import Foundation
import JSON
import Method
import Planning
import TestSupport
import Testing

@testable import Planning

private let mixed = """
    task: v2a
    manifest: clips.jsonl
    models: {audio: a/b, image: e/f, motion: g/h, binder: c/d}

    """

private func resolve(_ text: String = "", _ overrides: String...) throws(JobError) -> Job {
    try JobFile.resolve(mixed + text, path: "/data/jobs/job.yaml", overrides: overrides)
}

private func aligner(_ job: Job, _ task: GenerationTask) -> AlignerSettings? {
    if case .aligner(let aligner) = job.settings(for: task).guidance.gradient { aligner } else { nil }
}

@Suite struct TaskSettingsTests {
    @Test func everyTaskHasItsOwnDefaults() throws {
        let job = try resolve()
        #expect(Set(job.tasks.keys) == Set(GenerationTask.allCases))
        #expect(
            GenerationTask.allCases.map { job.settings(for: $0).sampling.steps }
                == [30, 30, 25, 25, 25, 20])
        for task in GenerationTask.allCases {
            let settings = job.settings(for: task)
            #expect(aligner(job, task)?.promptLearningRate.audio == 0)
            #expect(aligner(job, task)?.promptLearningRate.video == (task.makesFrames && !task.isCoupled ? 0.01 : 0))
            let sampling = settings.sampling
            #expect((sampling.coupled != nil) == task.isCoupled)
            if task.isCoupled { continue }
            #expect((sampling.audio != nil) == task.makesAudio && (sampling.video != nil) == task.makesFrames)
            #expect(sampling.samplers.allSatisfy { $0.scheduler == .ddim })
            // AnimateDiff's recipe.
            #expect(sampling.video?.sampler.betaSchedule == (task.makesVideo ? .linear : nil))
            #expect(sampling.video?.sampler.timestepSpacing == (task.makesVideo ? .linspace : nil))
            #expect(sampling.audio?.sampler.betaSchedule == nil)
        }
        #expect(job.settings(for: .v2a).members == [.audioLatent, .flac, .json, .mp4])
        #expect(job.settings(for: .i2a).members == [.audioLatent, .flac, .json])
        #expect(job.settings(for: .a2v).members == [.json, .mp4, .videoLatent])
        #expect(job.settings(for: .a2i).members == [.json, .png, .videoLatent])
        #expect(job.settings(for: .joint).members == [.audioLatent, .flac, .json, .mp4, .videoLatent])
        #expect(job.settings(for: .mm).members == [.flac, .json, .mp4])
        #expect(job.settings(for: .mm).sampling.coupled == CoupledSampling(scheduler: .dpmSolver))
        let video = try #require(job.settings(for: .a2v).sampling.video)
        #expect(video.width == 512 && video.height == 512 && video.length == VideoLength(frames: 16, fps: 8))
        #expect(job.settings(for: .i2a).sampling.audio?.duration == .seconds(10))
        #expect(job.settings(for: .joint).sampling.audio?.duration == nil)
    }

    @Test func theTopLevelIsForAllAndASectionForOne() throws {
        let job = try resolve(
            """
            sampling: {steps: 12, frames: 24, cfg_scale: {audio: 3, video: 8}, scheduler: {video: dpmsolver++}}
            guidance: {optimizer: sgd, start: 0.5}
            tasks:
              a2v: {sampling: {steps: 40, cfg_scale: 5, scheduler: euler}, guidance: off}
              joint: {sampling: {fps: 12.5, cfg_scale: {audio: 4}}, guidance: {below: 700}, members: [json, mp4]}
            """)
        let (v2a, a2v, joint) = (job.settings(for: .v2a), job.settings(for: .a2v), job.settings(for: .joint))
        #expect([v2a, a2v, joint].map(\.sampling.steps) == [12, 40, 12])
        #expect(a2v.sampling.video?.length?.frames == 24)
        #expect(a2v.sampling.video?.sampler.cfgScale == 5)
        #expect(a2v.sampling.video?.sampler.scheduler == .euler)
        #expect(a2v.guidance == .off)
        #expect(joint.sampling.samplers.map(\.cfgScale) == [4, 8])
        #expect(joint.sampling.samplers.map(\.scheduler) == [.ddim, .dpmSolver])
        #expect(joint.sampling.video?.length?.fps == 12.5)
        #expect(joint.members == [.json, .mp4])
        #expect(aligner(job, .joint)?.window == .below(700))
        #expect(aligner(job, .joint)?.optimizer == .sgd)
        #expect(aligner(job, .v2a)?.window == .start(0.5))
    }

    @Test func aSectionTurnsGuidanceOnAgain() throws {
        let job = try resolve("guidance: off\ntasks: {a2v: {guidance: {inner_steps: 2}}}")
        #expect(aligner(job, .a2v)?.innerSteps == 2)
        #expect(aligner(job, .a2v)?.optimizer == .adam)
        #expect(job.settings(for: .joint).guidance == .off)
    }

    @Test func theCommandLineReachesOneTask() throws {
        let job = try resolve("", "tasks.a2v.guidance=off", "tasks.joint.sampling.frames=8")
        #expect(job.settings(for: .a2v).guidance == .off)
        #expect(job.settings(for: .joint).sampling.video?.length?.frames == 8)
        #expect(job.settings(for: .a2v).sampling.video?.length?.frames == 16)
        #expect(aligner(job, .joint) != nil)
    }

    /// As the latent's, unless it is named, in whichever of the two places.
    @Test(
        "the prompt's optimizer is the latent's unless either place names one",
        arguments: [
            ("", AlignerSettings.Optimizer.adam), ("guidance: {optimizer: sgd}", .sgd),
            ("guidance: {prompt_optimizer: adam}\ntasks: {a2v: {guidance: {optimizer: sgd}}}", .adam),
            ("tasks: {a2v: {guidance: {optimizer: sgd}}}", .sgd),
            ("guidance: {optimizer: sgd}\ntasks: {a2v: {guidance: {prompt_optimizer: adam}}}", .adam),
        ])
    func promptOptimizer(text: String, expected: AlignerSettings.Optimizer) throws {
        #expect(aligner(try resolve(text), .a2v)?.promptOptimizer == expected)
    }

    @Test func commonMembersAreThoseATaskCanMake() throws {
        let job = try resolve("members: [json, flac, mp4, video_latent]")
        #expect(job.settings(for: .v2a).members == [.flac, .json, .mp4])
        #expect(job.settings(for: .i2a).members == [.flac, .json])
        #expect(job.settings(for: .a2v).members == [.json, .mp4, .videoLatent])
        #expect(job.settings(for: .joint).members == [.flac, .json, .mp4, .videoLatent])
        #expect(try resolve("members: [json, flac]").settings(for: .a2i).members == [])
        #expect(try resolve("members: [json]").settings(for: .a2i).members == [.json])
    }

    @Test func narrowingLeavesWhatIsNeeded() throws {
        let job = try resolve("caption: none")
        let sound = job.narrowed(to: [.v2a])
        #expect(Set(sound.tasks.keys) == [.v2a])
        #expect(sound.models == ModelReferences([.audioLDM: "a/b", .imageBind: "c/d"]))
        #expect(job.narrowed(to: [.a2i]).models[.stableDiffusion] == "e/f")
        #expect(job.narrowed(to: [.a2i]).models[.animateDiff] == nil)
        #expect(job.narrowed(to: [.a2v]).models[.audioLDM] == nil)
        #expect(job.narrowed(to: [.joint, .i2a]).models == job.models)
    }

    /// A setting of pictures leaves a run of sound as it is, to the byte.
    @Test("settings that a task does not have are not written for it")
    func whatATaskDoesNotHaveIsNotWritten() throws {
        func json(_ text: String, _ tasks: Set<GenerationTask>) throws -> String {
            String(decoding: try JSONCoding.encode(try resolve(text).narrowed(to: tasks)), as: UTF8.self)
        }
        let plain = try json("", [.v2a])
        #expect(try json("sampling: {frames: 8, width: 256, scheduler: {video: euler}}", [.v2a]) == plain)
        #expect(try json("guidance: {learning_rate: {video: 0.5}}", [.v2a]) == plain)
        #expect(try json("sampling: {duration: 3}", [.v2a]) != plain)
        #expect(!plain.contains("width") && !plain.contains("fps"))
        let pictures = try json("", [.a2v])
        #expect(try json("sampling: {duration: 3, cfg_scale: {audio: 9}}", [.a2v]) == pictures)
        #expect(pictures.contains(#""scheduler":{"video":"ddim"}"#))
        #expect(!(try json("", [.a2i]).contains("fps")))
    }

    /// `tasks` of the `run.json` that the program before the guides wrote, without space, by `sha256sum`.
    @Test(
        "the settings of jobs without the newer guides are written as they always were, to the byte",
        arguments: [
            ("preset: official", "bafc4f727d4196aa65ddd5c60d4d62e8846e7fa9184e503ee072031963ad1b8b"),
            ("preset: paper", "0344e9da380002368298efb709775afbd417c4e931fef32c79b8f13c01c2e8fd"),
            ("guidance: off", "24bc7950925cd22f9e53a0229bc8f55849c476e7f754179bd3bf9e6bd3b90484"),
            (
                "guidance: {learning_rate: 0.1, prompt_learning_rate: 0.1, start: 0, inner_steps: 3}",
                "40c5889d7f26997224a23d7e6b37d7730a9d7b909971fe04951dfb5bdda3e4be"
            ),
            ("preset: search\nguidance: off", "24bc7950925cd22f9e53a0229bc8f55849c476e7f754179bd3bf9e6bd3b90484"),
            ("guidance: {gradient: aligner}", "bafc4f727d4196aa65ddd5c60d4d62e8846e7fa9184e503ee072031963ad1b8b"),
            ("guidance: {gradient: off}", "24bc7950925cd22f9e53a0229bc8f55849c476e7f754179bd3bf9e6bd3b90484"),
        ])
    func writtenAsBefore(text: String, sha256: String) throws {
        // There was no such task then.
        let tasks = try JSONCoding.encode(try resolve(text).tasks.filter { !$0.key.isCoupled })
        #expect(SHA256.hexadecimalDigest(of: tasks) == sha256, "\(String(decoding: tasks, as: UTF8.self))")
    }

    @Test("what the rows need and the job lacks is named")
    func whatRowsNeedAndTheJobLacks() throws {
        let job = try JobFile.resolve(
            "task: v2a\nmanifest: m.jsonl\nmodels: {binder: c/d}\nsampling: {eta: 0.5, scheduler: {video: euler}}\n",
            path: "/data/job.yaml")
        func keys(_ task: GenerationTask) -> [String] { job.problems(of: task, location: "row 3").map(\.key) }
        #expect(keys(.v2a) == ["models.audio"])
        #expect(keys(.a2i) == ["models.image", "sampling.eta"])
        #expect(keys(.a2v) == ["models.image", "models.motion", "sampling.eta"])
        #expect(keys(.joint) == ["models.audio", "models.image", "models.motion", "sampling.eta"])
        #expect(
            job.problems(of: .a2i, location: "row 3, task a2i").map(\.description) == [
                "row 3, task a2i: `models.image` is missing; it must name Stable Diffusion 1.5, a diffusers folder or a repo id",
                "row 3, task a2i: `sampling.eta` is 0.5 beside the scheduler euler; it must be 0 there: only ddim has an η",
            ])
        let karras = try resolve("sampling: {karras_sigmas: true, scheduler: {video: euler}}")
        #expect(karras.problems(of: .v2a, location: "").map(\.key) == ["sampling.karras_sigmas"])
        #expect(karras.problems(of: .joint, location: "") == [])
    }
}
