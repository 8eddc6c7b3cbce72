import Foundation
import Goldens
import Method
import Networks
import Parity
import TestSupport
import Testing
import Torch

@testable import Engine

/// The sampler's loop and the aligner, over a model that is two small matrices.
@Suite struct AlignerTests {
    /// Latents `[B, 6]`, prompts `[B, 3]`, embeddings `[B, 4]`.
    struct Toy: Denoiser, LatentSpace {
        let modality: Modality
        let scheduler: any OnePredictionScheduler
        let prompt: Tensor
        let decoder: Tensor
        let generators: [Generator]
        /// Predictions that were recorded for the gradient of the prompt.
        let recorded = Tally()

        init(
            _ modality: Modality = .audio, steps: Int = 6, seed: UInt64 = 1, eta: Double = 0,
            choice: SamplerSettings = SamplerSettings(), generators: [Generator] = []
        ) throws {
            self.modality = modality
            self.generators = generators
            scheduler = try choice.scheduler(Reference.models.audio.schedule, steps: steps, eta: eta)
            prompt = try randn(seed, [3, 6]) * 0.5
            decoder = try randn(seed + 1, [6, 4])
        }

        var modalities: [Modality] { [modality] }
        var stream: DiffusionStream { stream(of: self) }

        /// A stream with this model's schedule and latent space, and a denoiser that may watch this one.
        func stream(of denoiser: any Denoiser) -> DiffusionStream {
            DiffusionStream(denoiser: denoiser, scheduler: scheduler, spaces: [self], generators: generators)
        }

        func predict(_ latents: [Tensor], timestep: Double, prompt y: Tensor?) throws -> [Tensor] {
            [try output(latents[0], #require(y))]
        }

        func output(_ z: Tensor, _ y: Tensor) throws -> Tensor {
            if y.requiresGrad { recorded.count += 1 }
            return try (z * 0.6 + y.matmul(prompt)).tanh()
        }

        func decode(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor { try (clean * 0.2).tanh() }

        func embed(_ clean: Tensor, observer: (any SamplerObserver)?) throws -> Tensor {
            observer?.record("mel", clean)
            return try embed(decoded: decode(clean, observer: observer), observer: observer)
        }

        func embed(decoded: Tensor, observer: (any SamplerObserver)?) throws -> Tensor { try decoded.matmul(decoder) }
    }

    final class Tally { var count = 0 }

    /// Keeps what it is told, and may stop the run.
    final class Recorder: SamplerObserver {
        var tensors: [String: Tensor] = [:]
        var begun: [Int] = []
        var stages: Set<String> = []
        var stopBefore: Int?
        /// A latent to begin a step with.
        var start: (step: Int, latent: Tensor)?

        struct Stopped: Error {}

        func willBegin(step: Int, of steps: Int) throws {
            if step == stopBefore { throw Stopped() }
            begun.append(step)
        }
        func record(_ name: String, _ tensor: Tensor) { tensors[name] = tensor }
        func override(step: Int, turn: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?) {
            (start.flatMap { $0.step == step ? $0.latent : nil }, nil)
        }
        func spent(_ seconds: Double, on stage: String) {
            #expect(seconds >= 0)
            stages.insert(stage)
        }

        func steps(of what: String) -> [Int] {
            tensors.keys.filter { $0.hasSuffix(what) && !$0.dropFirst(4).hasPrefix("1.") }
                .compactMap { Int($0.prefix(3)) }.sorted()
        }
    }

    static let descent = AlignerSettings(
        learningRates: [.audio: 2, .video: 1], optimizer: .sgd, window: .start(0), pairing: .paper)

    private func aligner(_ guidance: AlignerSettings?, batch: Int = 1) throws -> Alignment {
        Alignment(
            guidance: guidance, terms: [AlignmentTerm(.caption, .audio), AlignmentTerm(.video, .audio)],
            conditions: [.caption: try randn(50, [batch, 4]), .video: try randn(51, [batch, 4])])
    }

    // MARK: - Steps

    @Test func anObserverThatThrowsEndsTheRun() throws {
        let recorder = Recorder()
        recorder.stopBefore = 3
        #expect(throws: Recorder.Stopped.self) {
            try aligner(Self.descent).denoise(
                [Toy().stream], latents: [randn(1, [1, 6])], prompts: [randn(2, [1, 3])], observer: recorder)
        }
        #expect(recorder.begun == [0, 1, 2])
        #expect(recorder.steps(of: "z_out") == [0, 1, 2], "the step before it was whole")
    }

    @Test("guidance every second step changes the latent in those steps alone")
    func everySecondStep() throws {
        let recorder = Recorder()
        var options = Self.descent
        options.every = 2
        let outcome = try aligner(options).denoise(
            [Toy(steps: 8).stream], latents: [randn(1, [1, 6])], prompts: [randn(2, [1, 3])], observer: recorder)
        #expect(recorder.steps(of: "grad_z") == [1, 3, 5, 7])
        #expect(outcome.losses[0].count == 4)
        for step in 0..<8 {
            let name = String(format: "%03d.audio.", step)
            let (stepped, out) = (
                try #require(recorder.tensors[name + "z_prev"]), try #require(recorder.tensors[name + "z_out"])
            )
            #expect(try ((stepped - out).maxAbs() > 0) == [1, 3, 5, 7].contains(step))
        }
        #expect(recorder.stages.isSuperset(of: ["audio.unet", "backward"]))
        #expect(recorder.tensors["003.audio.mel"] != nil, "a stream's own intermediates carry step and stream")
    }

    @Test("inner steps update the latent several times in a step, each downhill on its loss")
    func innerSteps() throws {
        let recorder = Recorder()
        var options = Self.descent
        options.innerSteps = 3
        let outcome = try aligner(options).denoise(
            [Toy(steps: 4).stream], latents: [randn(1, [1, 6])], prompts: [randn(2, [1, 3])], observer: recorder)
        #expect(outcome.losses[0].count == 9)
        #expect(recorder.tensors["002.2.audio.grad_z"] != nil && recorder.tensors["002.3.audio.grad_z"] == nil)
        // Each update goes downhill on the loss of its step.
        for step in 0..<3 { #expect(outcome.losses[0][3 * step] > outcome.losses[0][3 * step + 2]) }
    }

    @Test func guidanceBringsTheEmbeddingNearer() throws {
        let (z, y) = (try randn(1, [1, 6]), try randn(2, [1, 3]))
        let target = try randn(51, [1, 4])
        func similarity(_ guidance: AlignerSettings?) throws -> Double {
            let toy = try Toy(steps: 20)
            let outcome = try Alignment(
                guidance: guidance, terms: [AlignmentTerm(.video, .audio)], conditions: [.video: target]
            ).denoise([toy.stream], latents: [z], prompts: [y])
            let e = try toy.embed(outcome.latents[0], observer: nil)
            return try (e.normalized() * target.normalized()).sum().item()
        }
        let plain = try similarity(nil)
        #expect(try similarity(Self.descent) > plain + 0.05)
        #expect(try similarity(AlignerSettings(learningRates: [.audio: 0.1])) > plain + 0.05)
    }

    @Test func withoutGuidanceNothingElseHappens() throws {
        let toy = try Toy()
        let (z, y) = (try randn(1, [2, 6]), try randn(2, [2, 3]))
        var expected = z
        var history = SchedulerHistory()
        for step in toy.scheduler.timesteps.indices {
            let noise = try toy.output(expected, y)
            expected = try toy.scheduler.step(step, noise: noise, latent: expected, history: &history, fresh: nil)
        }
        // No conditions are needed, and none is looked at.
        let outcome = try Alignment(guidance: nil, terms: [], conditions: [:]).denoise(
            [toy.stream], latents: [z], prompts: [y])
        #expect(try outcome.latents[0].floats() == expected.floats())
        #expect(outcome.losses == [[], []])
    }

    @Test("each sample's fresh noise comes from its own generator")
    func stepsWithNoise() throws {
        let (z, y) = (try randn(1, [2, 6]), try randn(2, [2, 3]))
        let toy = try Toy(eta: 0.5, generators: [Generator(seed: 8), Generator(seed: 9)])
        let own = try [Generator(seed: 8), Generator(seed: 9)]
        var expected = z
        var history = SchedulerHistory()
        for step in toy.scheduler.timesteps.indices {
            let fresh = try Tensor.cat(own.map { try $0.normal([1, 6]) }, 0)
            expected = try toy.scheduler.step(
                step, noise: toy.output(expected, y), latent: expected, history: &history, fresh: fresh)
        }
        let outcome = try aligner(nil).denoise([toy.stream], latents: [z], prompts: [y])
        #expect(try outcome.latents[0].floats() == expected.floats())
        #expect(try aligner(nil).denoise([], latents: [], prompts: []).latents.isEmpty)
    }

    @Test("terms without a condition are an error that names them")
    func nothingToAlign() throws {
        for (terms, conditions) in [
            ([AlignmentTerm(.caption, .audio), AlignmentTerm(.video, .audio)], [Modality: Tensor]()),
            ([AlignmentTerm(.caption, .video)], [.caption: try randn(1, [1, 4])]),
            ([], [.caption: try randn(1, [1, 4])]),
        ] {
            do {
                _ = try Alignment(guidance: Self.descent, terms: terms, conditions: conditions)
                    .denoise([Toy().stream], latents: [randn(1, [1, 6])], prompts: [randn(2, [1, 3])])
                Issue.record("aligned with nothing")
            } catch AlignerError.nothingToAlign(let found) {
                #expect(found == terms)
                let text = AlignerError.nothingToAlign(found).description
                #expect(text.contains("needs a condition"))
                for term in terms { #expect(text.contains("(\(term.first), \(term.second))")) }
            }
        }
    }

    /// A term without one of its sides is left out; the others stay.
    @Test func aMissingCaptionLeavesTheOtherTerm() throws {
        let vision = try randn(51, [1, 4])
        func run(_ terms: [AlignmentTerm]) throws -> [Float] {
            try Alignment(guidance: Self.descent, terms: terms, conditions: [.video: vision])
                .denoise([Toy().stream], latents: [randn(1, [1, 6])], prompts: [randn(2, [1, 3])]).latents[0].floats()
        }
        #expect(
            try run([AlignmentTerm(.caption, .audio), AlignmentTerm(.video, .audio)])
                == run([AlignmentTerm(.video, .audio)]))
    }

    // MARK: - Batches and streams

    @Test(arguments: [false, true]) func aSampleDoesNotDependOnItsNeighbours(tuned: Bool) throws {
        let (z, y) = (try randn(1, [2, 6]), try randn(2, [2, 3]))
        let (text, vision) = (try randn(50, [2, 4]), try randn(51, [2, 4]))
        var options = Self.descent
        options.promptLearningRates = tuned ? [.audio: 0.5] : [:]
        options.promptOptimizer = .sgd
        options.innerSteps = 2
        func run(_ rows: Range<Int>) throws -> (Alignment.Outcome, Recorder) {
            func part(_ t: Tensor) throws -> Tensor { try t.narrow(0, from: rows.lowerBound, count: rows.count) }
            let recorder = Recorder()
            let outcome = try Alignment(
                guidance: options, terms: [AlignmentTerm(.caption, .audio), AlignmentTerm(.video, .audio)],
                conditions: [.caption: part(text), .video: part(vision)]
            ).denoise([Toy().stream], latents: [part(z)], prompts: [part(y)], observer: recorder)
            return (outcome, recorder)
        }
        let (both, recorded) = try run(0..<2)
        for sample in 0..<2 {
            let (alone, own) = try run(sample..<sample + 1)
            #expect(try (both.latents[0].narrow(0, from: sample, count: 1) - alone.latents[0]).maxAbs() < 1e-5)
            for (a, b) in zip(both.losses[sample], alone.losses[0]) { #expect(abs(a - b) < 1e-5) }
            for (name, tensor) in own.tensors where name.contains("grad") {
                let part = try #require(recorded.tensors[name]).narrow(0, from: sample, count: 1)
                #expect(try (part - tensor).maxAbs() <= 1e-4 * tensor.maxAbs(), "\(name)")
            }
            #expect(own.tensors.keys.contains { $0.hasSuffix("grad_y") } == tuned)
        }
    }

    @Test func aTunedPromptIsCarriedOn() throws {
        let recorder = Recorder()
        var options = Self.descent
        options.promptLearningRates = [.audio: 1]
        options.promptOptimizer = .sgd
        let y = try randn(2, [1, 3])
        _ = try aligner(options).denoise([Toy().stream], latents: [randn(1, [1, 6])], prompts: [y], observer: recorder)
        func prompt(_ step: Int) throws -> [Float] { try #require(recorder.tensors["00\(step).audio.y_in"]).floats() }
        #expect(try prompt(0) == y.floats() && prompt(1) == y.floats(), "step 0 is not guided")
        for step in 2..<6 { #expect(try prompt(step) != prompt(step - 1)) }
        // `y ← y − λ2 ∇y L`.
        let gradient = try #require(recorder.tensors["001.audio.grad_y"])
        let moved = try y.adding(gradient, scaledBy: -1)
        #expect(try (moved - #require(recorder.tensors["002.audio.y_in"])).maxAbs() < 1e-6)
    }

    @Test("two streams in lock step each follow their own gradient and rate, under terms that see both")
    func jointStreams() throws {
        let recorder = Recorder()
        let (audio, vision) = (try Toy(.audio, seed: 1), try Toy(.video, seed: 7))
        let outcome = try Alignment(
            guidance: Self.descent,
            terms: [AlignmentTerm(.video, .caption), AlignmentTerm(.video, .audio), AlignmentTerm(.audio, .caption)],
            conditions: [.caption: randn(50, [1, 4])]
        ).denoise(
            [audio.stream, vision.stream], latents: [randn(1, [1, 6]), randn(2, [1, 6])],
            prompts: [randn(3, [1, 3]), randn(4, [1, 3])],
            observer: recorder)
        #expect(outcome.latents.count == 2 && outcome.losses[0].count == 5)
        for (name, rate) in [("audio", 2.0), ("video", 1.0)] {
            let before = try #require(recorder.tensors["004.\(name).z_prev"])
            let gradient = try #require(recorder.tensors["004.\(name).grad_z"])
            let after = try #require(recorder.tensors["004.\(name).z_out"])
            #expect(try gradient.maxAbs() > 0)
            #expect(try (before.adding(gradient, scaledBy: -rate) - after).maxAbs() < 1e-6)
        }
        #expect(outcome.losses[0].allSatisfy { $0 > 0 && $0 < 6 })
    }
}
