import JSON
import Method
import Testing

@testable import Planning

private func resolve(_ text: String) throws -> Job {
    try JobFile.resolve(
        "task: mm\nmanifest: rows.jsonl\nmodels: {mm: a, binder: b}\n" + text, path: "/data/job.yaml")
}

/// What a job says of `mm`.
@Suite struct CoupledSettingsTests {
    @Test("every key is read, written, and read again")
    func keys() throws {
        let job = try resolve(
            """
            sampling:
              steps: 40
              mm: {scheduler: ddim, binder_frames: all, upscale_steps: 50, frames: 8, size: 32, fps: 5, samples: 25600,
                   heads: 2, head_channels: 16, windows: [1, 2]}
            """)
        let expected = CoupledSampling(
            scheduler: .ddim,
            model: CoupledModelSettings(
                frames: 8, side: 32, fps: 5, samples: 25_600, heads: 2, headChannels: 16, windows: [1, 2]),
            binderFrames: .all, upscaleSteps: 50)
        #expect(job.settings(for: .mm).sampling.coupled == expected && job.settings(for: .mm).sampling.steps == 40)
        #expect(job.settings(for: .joint).sampling.coupled == nil)
        #expect(try JSONCoding.decode(Job.self, from: JSONCoding.encode(job)) == job)
        #expect(job.problem == nil && job.problems(of: .mm, location: "row 1").isEmpty)
    }

    @Test("another scheduler has its own number of steps, unless one is given")
    func steps() throws {
        for (scheduler, steps) in [("ddpm", 1000), ("ddim", 25), ("dpm_solver++", 20), ("dpm_solver++adaptive", 1)] {
            #expect(try resolve("sampling: {mm: {scheduler: \(scheduler)}}").settings(for: .mm).sampling.steps == steps)
        }
        #expect(try resolve("sampling: {steps: 10, mm: {scheduler: ddim}}").settings(for: .mm).sampling.steps == 10)
        let top = "sampling: {steps: 10}\ntasks: {mm: {sampling: {mm: {scheduler: ddpm}}}}"
        #expect(try resolve(top).settings(for: .mm).sampling.steps == 10)
    }

    @Test(
        "what cannot be is named",
        arguments: [
            ("sampling: {eta: 0.5}", "sampling.eta"), ("sampling: {karras_sigmas: true}", "sampling.karras_sigmas"),
            ("sampling: {steps: 51, mm: {scheduler: ddim}}", "sampling.steps"),
            ("sampling: {mm: {frames: 8}}", "sampling.mm.samples"),
            ("labels: l.txt\nguidance: {words: on}", "guidance.words"),
            ("guidance: {particles: {audio: 2}}", "guidance.particles"),
            ("guidance: {gradient: noise}", "guidance.gradient"),
            ("sampling: {mm: {scheduler: dpm_solver++adaptive}}", "guidance.gradient"),
            (
                "sampling: {mm: {scheduler: dpm_solver++adaptive}}\nguidance: {gradient: off, particles: 4, rounds: {0.5: 1}}",
                "guidance.rounds"
            ),
        ])
    func problems(text: String, key: String) throws {
        #expect(try resolve(text).problems(of: .mm, location: "row 1").map(\.key) == [key])
    }

    @Test("steps of the enlargement count where a model for it is named")
    func upscaling() throws {
        let text = "sampling: {mm: {upscale_steps: 51}}"
        #expect(try resolve(text).problems(of: .mm, location: "row 1").isEmpty)
        let named = try JobFile.resolve(
            "task: mm\nmanifest: r.jsonl\nmodels: {mm: a, upscaler: u, binder: b}\n" + text, path: "/data/job.yaml")
        #expect(named.problems(of: .mm, location: "row 1").map(\.key) == ["sampling.mm.upscale_steps"])
    }

    @Test("numbers that no job file may hold are refused in a run too")
    func ranges() throws {
        for change: (inout CoupledModelSettings) -> Void in [
            { $0.frames = .max }, { $0.side = 0 }, { $0.fps = 0 }, { $0.samples = .max }, { $0.heads = 0 },
            { $0.headChannels = 0 }, { $0.windows = [1, .max] },
        ] {
            var job = try resolve("")
            change(&job.tasks[.mm]!.sampling.coupled!.model)
            #expect(job.problem?.contains("sampling.mm.model.") == true)
        }
    }
}
