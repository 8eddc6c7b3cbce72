import Engine
import Goldens
import Method
import Parity
import TestSupport
import Testing
import Torch

/// Every stage against the Python reference on the same weights and the same noise, with each step begun from the
/// reference's own latent (teacher forcing), so that one step's rounding does not become the next one's difference.
/// ``StageTolerance`` says how far it may be.
@Suite struct ParityTests {
    @Test("every stage of a run agrees with the reference's trace of each of its samples", arguments: TraceCase.all)
    func everyStage(_ item: TraceCase) throws {
        let run = try TraceRun(item, Reference.models, Reference.data)
        let found = try run.differences()
        for difference in found { #expect(difference.isWithin, "\(difference)") }
        for (sample, trace) in item.traces.enumerated() {
            let names = Set(found.filter { $0.trace == trace }.map(\.name))
            #expect(names.count >= 4 * item.steps, "\(trace)")
            #expect(names.contains("loss") == (item.guidance != nil))
            if item.guidance != nil { #expect(run.losses[sample].count == run.goldens[sample].losses.count) }
            try expectStages(item, names)
        }
    }

    /// That the trace holds what it is there for.
    private func expectStages(_ item: TraceCase, _ names: Set<String>) throws {
        let stages = Set(names.map(StageDifference.stage))
        let makesFrames = item.task == .a2v || item.task == .a2i
        if item.guidance != nil {
            // Those of batches hold less.
            for stage in item.traces.count == 1 ? ["grad_z", "emb", "bind_in"] : ["grad_z"] {
                if item.task == .joint || !makesFrames { #expect(stages.contains("audio.\(stage)"), "\(stage)") }
                if item.task == .joint || makesFrames { #expect(stages.contains("vision.\(stage)"), "\(stage)") }
            }
            if item.task == .joint || makesFrames {
                #expect(stages.contains("vision.pixels") == (item.traces.count == 1))
            }
        }
        let tunes = item.guidance?.promptLearningRates ?? [:]
        if item.task == .joint || makesFrames {
            #expect(stages.contains("vision.grad_y") == ((tunes[.video] ?? 0) > 0))
        }
        #expect(stages.contains("cond.text") == item.hasCaption)
    }

    @Test("a run of plain descent ends at the reference's waveform, or at its pixels", arguments: FreeRun.allCases)
    func freeRunning(_ item: FreeRun) throws {
        let pipeline = try item.pipeline(Reference.models)
        let result = try #require(pipeline.generate([item.request(Reference.data)], item.settings).first)
        #expect(result.isFinite && result.losses.count == 6)
        #expect((result.audio == nil) == (item == .film) && (result.video == nil) == (item == .sound))
        if let audio = result.audio { #expect(audio.waveform.count == 32_000) }
        if let video = result.video { #expect(video.frames.count == 8 && video.latent.shape == [4, 8, 8, 8]) }
        #expect(try item.difference(result, Reference.data) < item.tolerance)
    }

    /// What a comparison is worth: numbers that are a little off are found, at the stage where they are.
    @Test("a weight that is off is found at its own stage and behind it", arguments: ["unet", "vae", "vocoder"])
    func perturbedWeight(component: String) throws {
        let folder = try TemporaryFolder()
        let models = try PerturbedModels.copy(to: folder, "audioldm/\(component)")
        let item = try #require(TraceCase.all.first { $0.name == "v2a_official" })
        let found = try TraceRun(item, ParityModels(models), Reference.data).differences().filter { !$0.isWithin }
        let stages = Set(found.map(\.stage))
        #expect(stages.contains("audio.eps") == (component == "unet"), "\(stages)")
        #expect(stages.contains("audio.mel") == (component != "vocoder"), "\(stages)")
        #expect(stages.contains("audio.wave"), "\(stages)")
    }
}

extension TraceCase: CustomTestStringConvertible {
    /// For the lists of tests.
    public var testDescription: String { description }
}

extension FreeRun: CustomTestStringConvertible {
    /// For the lists of tests.
    public var testDescription: String { rawValue }
}
