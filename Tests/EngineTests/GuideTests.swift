import Foundation
import Goldens
import Method
import Parity
import TestSupport
import Testing
import Torch

@testable import Engine

/// Guides over a model that is two small matrices: what rows, cuts and turns must not change.
@Suite struct GuideTests {
    typealias Toy = AlignerTests.Toy
    typealias Recorder = AlignerTests.Recorder

    static let push = NoiseGuidanceSettings(
        strength: 0.5, until: 0.7, travel: 3, travelUntil: 0.4, through: .clean, textTerm: .on, trustBelow: 0)

    static func beginnings(_ count: Int, best: Int = 1, _ rounds: (Double, Int)...) -> BeginningSettings {
        var settings = BeginningSettings.one
        settings.particles = PerModality(audio: count, video: count)
        settings.rounds = rounds.map { .init(at: $0.0, keep: $0.1) }
        settings.best = best
        return settings
    }

    /// Samples of a batch by number, so that a sample's own data are the same alone and among others.
    private func prompt(_ sample: Int) throws -> Tensor { try randn(UInt64(100 + sample), [1, 3]) }
    private func given(_ sample: Int) throws -> Tensor { try randn(UInt64(200 + sample), [1, 4]) }
    private func caption(_ sample: Int) throws -> Tensor { try randn(UInt64(300 + sample), [1, 4]) }
    private func seed(_ sample: Int) -> UInt64 { UInt64(400 + sample) }

    private struct Run {
        var samples = [0]
        var rows: [Beginning]?
        var beginnings = BeginningSettings.one
        var noise: NoiseGuidanceSettings?
        var aligner: AlignerSettings?
        var choice = SamplerSettings()
        var eta = 0.0
        var steps = 10
        var rowsAtOnce = Int.max
        var targets = true
    }

    private func run(_ run: Run, observer: (any SamplerObserver)? = nil) throws -> Sampler.Outcome {
        let rows =
            run.rows ?? Beginning.all(samples: run.samples.count, particles: run.beginnings.count(of: .audio))
        func generators() throws -> [Generator] {
            try rows.map {
                try Generator(seed: Beginning.seed(seed(run.samples[$0.sample]), particle: $0.particle))
            }
        }
        let own = try generators()
        let latents = try own.noise([6])
        let toy = try Toy(steps: run.steps, eta: run.eta, choice: run.choice)
        let stream = DiffusionStream(
            denoiser: toy, scheduler: toy.scheduler, spaces: [toy], generators: own,
            travelGenerators: try run.samples.map { try Generator(seed: Beginning.travelSeed(seed($0))) })
        let conditions: [Modality: Tensor] = [
            .video: try Tensor.cat(run.samples.map(given), 0), .caption: try Tensor.cat(run.samples.map(caption), 0),
        ]
        let terms = AlignmentTerm.terms(generating: [.audio])
        var guides: [any Guide] = []
        if run.beginnings.count(of: .audio) > 1 {
            let targets = try run.samples.map { run.targets ? try given($0) : nil }
            guides.append(Tournament(run.beginnings, score: try BinderScore(targets: targets)))
        }
        if let noise = run.noise { guides.append(try NoiseGuidance(noise, terms: terms, conditions: conditions)) }
        if let aligner = run.aligner { guides.append(try Aligner(aligner, terms: terms, conditions: conditions)) }
        return try Sampler([stream], guides: guides, rowsAtOnce: run.rowsAtOnce).run(
            latents: [[latents]], prompts: [Tensor.cat(rows.map { try prompt(run.samples[$0.sample]) }, 0)],
            rows: rows, observer: observer)
    }

    private func difference(_ a: Tensor, _ b: Tensor) throws -> Double { try (a - b).maxAbs() }

    // MARK: - Beginnings

    static let schedulers: [(SamplerSettings, Double)] = [
        (SamplerSettings(), 0), (SamplerSettings(), 0.7), (SamplerSettings(.dpmSolver), 0),
        (SamplerSettings(.euler), 0),
    ]

    @Test("what survives is what its beginning alone would have become, under every scheduler", arguments: 0..<4)
    func survivors(_ place: Int) throws {
        let (choice, eta) = Self.schedulers[place]
        let outcome = try run(
            Run(samples: [0, 1], beginnings: Self.beginnings(5, (0.2, 3), (0.5, 1)), choice: choice, eta: eta))
        #expect(outcome.rows.count == 2)
        for (index, row) in outcome.rows.enumerated() {
            let alone = try run(
                Run(
                    samples: [row.sample], rows: [Beginning(sample: 0, particle: row.particle)], choice: choice,
                    eta: eta))
            #expect(
                try difference(outcome.latents[0][0].narrow(0, from: index, count: 1), alone.latents[0][0]) < 1e-5)
        }
    }

    @Test("the order of the rows decides nothing")
    func order() throws {
        let settings = Self.beginnings(4, (0.1, 2), (0.6, 1))
        let forward = try run(Run(beginnings: settings))
        let backward = try run(
            Run(rows: (0..<4).reversed().map { Beginning(sample: 0, particle: $0) }, beginnings: settings))
        #expect(forward.rows == backward.rows)
        #expect(try difference(forward.latents[0][0], backward.latents[0][0]) < 1e-6)
        let cuts = [forward, backward].map { ($0.guides[0] as? Tournament)?.cuts ?? [] }
        #expect(cuts[0].map { $0.map(\.kept) } == cuts[1].map { $0.map(\.kept) })
    }

    @Test("where all scores are equal the plain pipeline's beginning stays, bit for bit")
    func equalScores() throws {
        let outcome = try run(Run(beginnings: Self.beginnings(4, (0.3, 1)), targets: false))
        #expect(outcome.rows == [Beginning(sample: 0)])
        #expect(try difference(outcome.latents[0][0], run(Run()).latents[0][0]) < 1e-6)
    }

    @Test("the best of the scores at a cut go on, and no fewer than are to be finished")
    func cuts() throws {
        let outcome = try run(Run(samples: [0, 1, 2], beginnings: Self.beginnings(6, best: 2, (0.2, 3), (0.5, 1))))
        let tournament = try #require(outcome.guides[0] as? Tournament)
        #expect(outcome.rows.count == 6)
        for (sample, cuts) in tournament.cuts.enumerated() {
            #expect(cuts.map(\.step) == [2, 5] && cuts.map(\.kept.count) == [3, 2])
            #expect(cuts[0].scores.count == 6 && Set(cuts[1].scores.keys) == Set(cuts[0].kept))
            for cut in cuts {
                let ordered = cut.scores.sorted { $0.value > $1.value }.map(\.key)
                #expect(cut.kept == Array(ordered.prefix(cut.kept.count)))
                #expect(Set(cut.scores.values).count == cut.scores.count)
            }
            #expect(outcome.rows.filter { $0.sample == sample }.map(\.particle) == cuts[1].kept)
        }
    }

    @Test("a sample alone is what it is among others", arguments: [true, false])
    func neighbours(_ isPushed: Bool) throws {
        var settings = Run(beginnings: Self.beginnings(4, (0.2, 2), (0.5, 1)))
        if isPushed { settings.noise = Self.push } else { settings.aligner = AlignerTests.descent }
        settings.samples = [0, 1, 2, 3]
        let together = try run(settings)
        settings.samples = [2]
        let alone = try run(settings)
        let place = try #require(together.rows.firstIndex { $0.sample == 2 })
        #expect(together.rows[place].particle == alone.rows[0].particle)
        #expect(
            try difference(together.latents[0][0].narrow(0, from: place, count: 1), alone.latents[0][0]) < 1e-4)
        #expect(together.losses[place].count == alone.losses[0].count && !alone.losses[0].isEmpty)
        for (a, b) in zip(together.losses[place], alone.losses[0]) { #expect(abs(a - b) < 1e-4) }
    }

    @Test("rows in pieces are what they are together", arguments: [1, 3, 7])
    func pieces(_ rowsAtOnce: Int) throws {
        var settings = Run(samples: [0, 1], beginnings: Self.beginnings(5, (0.3, 2)), noise: Self.push)
        let together = try run(settings)
        settings.rowsAtOnce = rowsAtOnce
        let apart = try run(settings)
        #expect(together.rows == apart.rows)
        #expect(try difference(together.latents[0][0], apart.latents[0][0]) < 1e-4)
    }

    @Test("moments of a prompt that is tuned through the run stay with their row")
    func moments() throws {
        var aligner = AlignerTests.descent
        aligner.promptLearningRates = [.audio: 0.05]
        (aligner.promptOptimizer, aligner.promptState) = (.adam, .persistent)
        let outcome = try run(
            Run(beginnings: Self.beginnings(4, (0.5, 1)), aligner: aligner))
        let particle = outcome.rows[0].particle
        let alone = try run(Run(rows: [Beginning(sample: 0, particle: particle)], aligner: aligner))
        #expect(try difference(outcome.latents[0][0], alone.latents[0][0]) < 1e-4)
        #expect(outcome.losses[0].count == alone.losses[0].count)
    }

    // MARK: - Pushes

    @Test("a push has the size that was asked for, whatever the gradient's", arguments: [0.1, 2])
    func size(_ strength: Double) throws {
        let recorder = Recorder()
        var push = Self.push
        push.strength = strength
        _ = try run(Run(samples: [0, 1], noise: push), observer: recorder)
        let (before, after) = (
            try #require(recorder.tensors["001.audio.eps"]), try #require(recorder.tensors["001.audio.eps_guided"])
        )
        for size in try (after - before).square().mean([1]).sqrt().doubles() { #expect(abs(size - strength) < 1e-5) }
        #expect(recorder.tensors["007.audio.eps_guided"] == nil, "after its end nothing is pushed")
    }

    @Test("guided steps are done over from their own noise level, under every scheduler", arguments: 0..<4)
    func travel(_ place: Int) throws {
        let (choice, eta) = Self.schedulers[place]
        let recorder = Recorder()
        let outcome = try run(Run(noise: Self.push, choice: choice, eta: eta), observer: recorder)
        // 4 of 10 steps in 3 turns, 3 more once.
        #expect(outcome.losses[0].count == 4 * 3 + 3)
        let scheduler = try Toy(steps: 10, eta: eta, choice: choice).scheduler
        let generator = try Generator(seed: Beginning.travelSeed(seed(0)))
        for step in 0..<4 {
            for turn in 0..<2 {
                let name = String(format: "%03d", step) + (turn == 0 ? "" : ".\(turn)") + ".audio."
                let n = try generator.normal([1, 6])
                let (now, next) = (scheduler.level(at: step), scheduler.level(after: step))
                let ratio = now.signal / next.signal
                let expected = try (#require(recorder.tensors[name + "z_prev"]) * ratio).adding(
                    n, scaledBy: (1 - ratio * ratio).squareRoot())
                #expect(try difference(#require(recorder.tensors[name + "z_back"]), expected) < 1e-6)
            }
        }
        // z_t = √ᾱ_t z0 + √(1 − ᾱ_t) ε at either end of the way: the variance of pure noise stays 1.
        let (now, next) = (scheduler.level(at: 3), scheduler.level(after: 3))
        let ratio = now.signal / next.signal
        #expect(abs(ratio * ratio * next.noise * next.noise + 1 - ratio * ratio - now.noise * now.noise) < 1e-5)
    }

    @Test("a solver that remembers begins anew after each way back")
    func solver() throws {
        let recorder = Recorder()
        var push = Self.push
        push.travel = 2
        _ = try run(Run(noise: push, choice: SamplerSettings(.dpmSolver)), observer: recorder)
        let scheduler = try Toy(steps: 10, choice: SamplerSettings(.dpmSolver)).scheduler
        for step in 1..<4 {
            let name = String(format: "%03d.1.audio.", step)
            var history = SchedulerHistory()
            let first = try scheduler.step(
                step, noise: #require(recorder.tensors[name + "eps_guided"]),
                latent: #require(recorder.tensors[name + "z_in"]), history: &history, fresh: nil)
            #expect(try difference(#require(recorder.tensors[name + "z_prev"]), first) < 1e-6)
        }
    }

    @Test("the way through the denoiser is the derivative of the loss by the step's latent")
    func throughTheDenoiser() throws {
        let recorder = Recorder()
        var push = Self.push
        (push.through, push.travel) = (.denoiser, 1)
        _ = try run(Run(noise: push), observer: recorder)
        let toy = try Toy(steps: 10)
        let (z, y) = (try #require(recorder.tensors["002.audio.z_in"]), try prompt(0))
        let (c, p) = (try given(0), try caption(0))
        func loss(_ z: Tensor) throws -> Double {
            let clean = try toy.scheduler.predictClean(
                z, noise: toy.output(z, y), at: toy.scheduler.level(at: 2))
            let e = try toy.embed(clean, observer: nil)
            return try 2 - BinderScore.cosine(e.doubles(), c.doubles()) - BinderScore.cosine(e.doubles(), p.doubles())
        }
        let gradient = try #require(recorder.tensors["002.audio.grad_x0"]).doubles()
        let values = try z.doubles()
        for element in 0..<6 {
            func moved(_ by: Double) throws -> Double {
                var moved = values
                moved[element] += by
                return try loss(Tensor(moved.map(Float.init), shape: [1, 6]))
            }
            let slope = try (moved(5e-3) - moved(-5e-3)) / 1e-2
            #expect(abs(slope - gradient[element]) < 2e-3 + 0.02 * abs(slope))
        }
    }

    @Test("what a caption counts for is each sample's own")
    func captionWeights() throws {
        let loss = try AlignmentLoss(
            terms: AlignmentTerm.terms(generating: [.audio]),
            conditions: [
                .video: Tensor.cat([given(0), given(1)], 0), .caption: Tensor.cat([caption(0), caption(1)], 0),
            ],
            missing: [:], captionWeights: [0.25, 1])
        let e = try randn(9, [2, 4])
        let values = try loss([.audio: e]).doubles()
        for (sample, weight) in [(0, 0.25), (1, 1.0)] {
            let own = try e.narrow(0, from: sample, count: 1).doubles()
            let expected =
                1 - BinderScore.cosine(own, try given(sample).doubles())
                + weight * (1 - BinderScore.cosine(own, try caption(sample).doubles()))
            #expect(abs(values[sample] - expected) < 1e-5)
        }
    }
}
