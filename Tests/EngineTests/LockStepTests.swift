import Goldens
import Method
import Parity
import TestSupport
import Testing

@testable import Engine
@testable import Torch

/// Several streams in one run, tuned prompts, and schedulers that begin and step in ways of their own.
@Suite struct LockStepTests {
    typealias Toy = AlignerTests.Toy
    typealias Recorder = AlignerTests.Recorder

    private static let terms = [
        AlignmentTerm(.video, .caption), AlignmentTerm(.video, .audio), AlignmentTerm(.audio, .caption),
    ]

    private func joint(
        _ options: AlignerSettings?, _ streams: [DiffusionStream], observer: (any SamplerObserver)? = nil
    ) throws -> Alignment.Outcome {
        try Alignment(guidance: options, terms: Self.terms, conditions: [.caption: randn(50, [1, 4])]).denoise(
            streams, latents: [randn(1, [1, 6]), randn(2, [1, 6])], prompts: [randn(3, [1, 3]), randn(4, [1, 3])],
            observer: observer)
    }

    private func gradients(_ recorder: Recorder, _ modality: Modality, _ what: String) -> [Tensor] {
        (0..<6).compactMap { step in recorder.tensors["00\(step).\(modality).\(what)"] }
    }

    // MARK: - Prompts

    @Test(
        "only the tuned stream's prompts move, and the other denoiser is never recorded",
        arguments: [Modality.audio, .video])
    func onePromptOfTwo(_ tuned: Modality) throws {
        let (audio, vision) = (try Toy(.audio, seed: 1), try Toy(.video, seed: 7))
        let recorder = Recorder()
        var options = AlignerTests.descent
        options.promptLearningRates = [tuned: 0.3]
        options.promptOptimizer = .sgd
        _ = try joint(options, [audio.stream, vision.stream], observer: recorder)
        #expect(audio.recorded.count == (tuned == .audio ? 5 : 0))
        #expect(vision.recorded.count == (tuned == .video ? 5 : 0))
        for modality in [Modality.audio, .video] {
            #expect(gradients(recorder, modality, "grad_y").count == (modality == tuned ? 5 : 0))
            #expect(gradients(recorder, modality, "grad_z").count == 5)
            let (first, last) = (
                try #require(recorder.tensors["000.\(modality).y_in"]),
                try #require(recorder.tensors["005.\(modality).y_in"])
            )
            #expect(try ((first - last).maxAbs() > 0) == (modality == tuned))
        }
    }

    @Test func eachPromptHasItsOwnRate() throws {
        let recorder = Recorder()
        var options = AlignerTests.descent
        options.promptLearningRates = [.audio: 0.3, .video: 0.7]
        options.promptOptimizer = .sgd
        _ = try joint(options, [Toy(.audio, seed: 1).stream, Toy(.video, seed: 7).stream], observer: recorder)
        for (modality, rate) in [(Modality.audio, 0.3), (.video, 0.7)] {
            let gradient = try #require(recorder.tensors["002.\(modality).grad_y"])
            let before = try #require(recorder.tensors["002.\(modality).y_in"])
            let after = try #require(recorder.tensors["003.\(modality).y_in"])
            #expect(try gradient.maxAbs() > 0)
            #expect(try (before.adding(gradient, scaledBy: -rate) - after).maxAbs() < 1e-6)
        }
    }

    /// A fresh Adam's first step is the sign of the gradient; one that is kept remembers the steps before. The latent's rule
    /// is another.
    @Test(arguments: [AlignerSettings.PromptState.fresh, .persistent])
    func thePromptsRuleMayLiveThroughTheRun(_ state: AlignerSettings.PromptState) throws {
        let recorder = Recorder()
        var options = AlignerTests.descent
        options.promptLearningRates = [.audio: 0.1]
        options.promptState = state
        _ = try Alignment(
            guidance: options, terms: [AlignmentTerm(.audio, .caption)], conditions: [.caption: randn(50, [1, 4])]
        )
        .denoise([Toy().stream], latents: [randn(1, [1, 6])], prompts: [randn(2, [1, 3])], observer: recorder)
        var rule = UpdateRule(.adam, rate: 0.1)
        for step in 1..<5 {
            if state == .fresh { rule = UpdateRule(.adam, rate: 0.1) }
            let gradient = try #require(recorder.tensors["00\(step).audio.grad_y"])
            let before = try #require(recorder.tensors["00\(step).audio.y_in"])
            let after = try #require(recorder.tensors["00\(step + 1).audio.y_in"])
            #expect(try (rule.update(before, gradient: gradient) - after).maxAbs() < 1e-6, "step \(step)")
        }
    }

    // MARK: - Lock step

    @Test("streams with unequal numbers of steps are refused with both numbers")
    func streamsOfUnequalLength() throws {
        do {
            _ = try joint(nil, [Toy(.audio, steps: 4).stream, Toy(.video, steps: 5).stream])
            Issue.record("ran")
        } catch SamplerError.unequalSteps(let steps) {
            #expect(steps == [.audio: 4, .video: 5])
            #expect(SamplerError.unequalSteps(steps).description.contains("audio has 4, video has 5"))
        }
    }

    @Test("latents and prompts that do not fit the streams are refused")
    func latentsAndPromptsThatDoNotFit() throws {
        let (one, two) = (try randn(1, [1, 6]), try randn(1, [2, 6]))
        let (y, both) = (try randn(2, [1, 3]), try randn(2, [2, 3]))
        for (latents, prompts) in [([one], [both]), ([], []), ([one, one], [y, y]), ([two], [y]), ([one], [])] {
            do {
                _ = try Alignment(guidance: nil, terms: [], conditions: [:])
                    .denoise([Toy().stream], latents: latents, prompts: prompts)
                Issue.record("ran")
            } catch let error as SamplerError {
                #expect(error.description.contains("1 streams need their latents and a prompt embedding each"))
            }
        }
    }

    /// The first stream's timesteps decide about a window: AudioLDM's last of 6 is 1, that of a schedule without offset 0.
    @Test("the first stream's timesteps decide about a window")
    func theWindowIsTheFirstStreams() throws {
        var options = AlignerTests.descent
        options.window = .below(167)
        let streams: [DiffusionStream] = [
            try Toy(.audio, seed: 1).stream,
            try Toy(.video, seed: 7, choice: SamplerSettings(timestepSpacing: .linspace)).stream,
        ]
        #expect(streams[0].scheduler.timesteps.suffix(2) == [167, 1])
        #expect(streams[1].scheduler.timesteps.suffix(2) == [200, 0])
        #expect(try joint(options, streams).losses[0].count == 1)
        options.window = .below(201)
        #expect(try joint(options, streams).losses[0].count == 2)
        #expect(try joint(options, streams.reversed()).losses[0].count == 2)
        options.window = .below(168)
        #expect(try joint(options, streams.reversed()).losses[0].count == 1)
    }

    // MARK: - Schedulers

    /// The first latent is the noise, scaled as the scheduler says; a multistep solver's memory is the run's.
    @Test(
        "a run without guidance gives, with every scheduler, the latent that its steps alone give",
        arguments: SchedulerName.allCases)
    func anyScheduler(_ name: SchedulerName) throws {
        let toy = try Toy(steps: 8, choice: SamplerSettings(name, timestepSpacing: .linspace))
        let (noise, y) = (try randn(1, [1, 6]), try randn(2, [1, 3]))
        var z = try noise * toy.scheduler.initialScale
        var history = SchedulerHistory()
        for step in 0..<8 {
            let noise = try toy.output(z, y)
            z = try toy.scheduler.step(step, noise: noise, latent: z, history: &history, fresh: nil)
        }
        #expect((toy.scheduler.initialScale < 1) == (name == .euler))
        let aligner = Alignment(guidance: nil, terms: [], conditions: [:])
        // Twice: a run leaves nothing behind.
        for _ in 0..<2 {
            let outcome = try aligner.denoise([toy.stream], latents: [noise], prompts: [y])
            #expect(try outcome.latents[0].floats() == z.floats())
        }
    }

    // MARK: - Memory

    /// Looks, at each prediction, whether the one before is still held.
    private final class Watched: Denoiser {
        let toy: Toy
        var last: () -> Bool = { false }
        var held = 0
        var predictions = 0

        init(_ toy: Toy) { self.toy = toy }

        var modalities: [Modality] { toy.modalities }
        var stream: DiffusionStream { toy.stream(of: self) }

        func predict(_ latents: [Tensor], timestep: Double, prompt: Tensor?) throws -> [Tensor] {
            #expect(!latents[0].requiresGrad, "no step is recorded with the one before it")
            if last() { held += 1 }
            predictions += 1
            let outputs = try toy.predict(latents, timestep: timestep, prompt: prompt)
            last = { [weak handle = outputs[0].handle] in handle != nil }
            return outputs
        }
    }

    @Test(arguments: SchedulerName.allCases) func noGraphOutlivesItsUpdate(_ name: SchedulerName) throws {
        var options = AlignerTests.descent
        options.promptLearningRates = [.audio: 0.1, .video: 0.1]
        options.innerSteps = 3
        let streams = try [
            Watched(Toy(.audio, seed: 1, choice: SamplerSettings(name))),
            Watched(Toy(.video, seed: 7, choice: SamplerSettings(name))),
        ]
        let outcome = try joint(options, streams.map(\.stream))
        #expect(outcome.latents.allSatisfy { !$0.requiresGrad })
        for stream in streams { #expect(stream.held == 0 && stream.predictions == 6 + 2 * 5) }
    }
}
