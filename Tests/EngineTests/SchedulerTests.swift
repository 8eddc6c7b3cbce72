import Checkpoint
import Foundation
import Goldens
import Method
import Parity
import TestSupport
import Testing
import Torch

@testable import Engine

/// Whole runs against diffusers' own schedulers, from first to last latent without forcing.
///
/// Tolerances as relative rms over a run: 1e-6 for DDIM and Euler (4e-7 was found). 3e-6 for DPM-Solver++ (1.5e-6): diffusers
/// takes differences of `λ` of a few tenths in single precision, and here they are in double; with latents in double as well,
/// our distance from it is the same.
@Suite struct SchedulerTests {
    struct Run: Decodable, Sendable, CustomTestStringConvertible {
        struct Override: Decodable, Sendable {
            let betaSchedule: String?
            let timestepSpacing: String?
            let karras: Bool?

            enum CodingKeys: String, CodingKey {
                case betaSchedule = "beta_schedule"
                case timestepSpacing = "timestep_spacing"
                case karras = "use_karras_sigmas"
            }
        }

        let key: String
        let scheduler: String
        let config: SchedulerConfiguration
        let override: Override
        let steps: Int
        let eta: Double
        let start: Double
        let timesteps: [Double]
        var testDescription: String { key }

        func made() throws -> any OnePredictionScheduler {
            var config = config
            config.useKarrasSigmas = override.karras ?? config.useKarrasSigmas
            return try SamplerSettings(
                #require(SchedulerName(rawValue: scheduler)),
                betaSchedule: override.betaSchedule.map { try #require(BetaSchedule(rawValue: $0)) },
                timestepSpacing: override.timestepSpacing.map { try #require(TimestepSpacing(rawValue: $0)) }
            ).scheduler(config, steps: steps, eta: eta)
        }
    }

    static let runs = Result {
        try JSONDecoder().decode([Run].self, from: Data(contentsOf: Fixtures.url("schedulers/runs.json")))
    }
    static let latents = Result { try WeightFile.open(Fixtures.url("schedulers/runs.safetensors").path) }

    /// The latents after each step, from drawn outputs of a network.
    private func latents(
        _ scheduler: any OnePredictionScheduler, dtype: DType = .float32, perturb: Double = 0
    ) throws -> [Tensor] {
        func drawn(_ seed: Int) throws -> Tensor { try randn(UInt64(seed), [1, 2, 2, 3]).to(dtype) }
        var z = try drawn(1) * scheduler.initialScale
        var history = SchedulerHistory()
        return try scheduler.timesteps.indices.map { step in
            let noise = try scheduler.noise(from: drawn(100 + step), latent: z, step: step)
            z = try scheduler.step(
                step, noise: noise, latent: z, history: &history,
                fresh: scheduler.drawsNoise ? drawn(500 + step) : nil)
            return z
        }
    }

    @Test func runsAreDiffusers() throws {
        let runs = try Self.runs.get()
        #expect(runs.count > 100 && Set(runs.map(\.scheduler)).count == 3)
        for run in runs {
            let scheduler = try run.made()
            #expect(scheduler.timesteps.count == run.timesteps.count, "\(run.key)")
            for (ours, theirs) in zip(scheduler.timesteps, run.timesteps) {
                // Karras' levels have timesteps between whole ones, found with logarithms in single precision.
                #expect(abs(ours - theirs) <= (theirs == theirs.rounded() ? 0 : 2e-4), "\(run.key): \(ours) \(theirs)")
            }
            #expect(abs(scheduler.initialScale - run.start) < 1e-6, "\(run.key)")
            let golden = try Tensor(Self.latents.get().record(run.key))
            let ours = try Tensor.cat(latents(scheduler), 0)
            try #require(ours.shape == golden.shape, "\(run.key)")
            let difference = try ((ours - golden).square().sum().item() / golden.square().sum().item()).squareRoot()
            #expect(difference < (run.scheduler == "dpmsolver++" ? 3e-6 : 1e-6), "\(run.key): \(difference)")
        }
    }

    /// What every scheduler promises of its coordinates: the level after a step is that of the next one, but for DDIM's
    /// constant stride; levels are variance-preserving and fall.
    @Test("noise levels preserve the variance, fall, and meet from step to step")
    func levels() throws {
        for run in try Self.runs.get() {
            let scheduler = try run.made()
            for step in scheduler.timesteps.indices {
                let (now, next) = (scheduler.level(at: step), scheduler.level(after: step))
                for level in [now, next] {
                    #expect(abs(level.signal * level.signal + level.noise * level.noise - 1) < 1e-6, "\(run.key)")
                }
                #expect(next.noise <= now.noise, "\(run.key), step \(step)")
                if run.scheduler != "ddim", step + 1 < scheduler.timesteps.count {
                    #expect(next == scheduler.level(at: step + 1), "\(run.key), step \(step)")
                }
            }
        }
    }

    /// With the same noise predicted throughout, a run without noise of its own keeps to the straight line between the
    /// clean latent and the noise, whatever the order.
    @Test func aPerfectNetworkIsFollowedExactly() throws {
        let (clean, noise) = (try randn(1, [12], dtype: .float64), try randn(2, [12], dtype: .float64))
        for run in try Self.runs.get() {
            let scheduler = try run.made()
            guard !scheduler.drawsNoise, scheduler.cleanLimit == nil else { continue }
            // DDIM's strides begin where the one before has led only for leading timesteps: each step by itself.
            var history = SchedulerHistory()
            for step in scheduler.timesteps.indices {
                func point(_ level: NoiseLevel) throws -> Tensor {
                    try (clean * level.signal).adding(noise, scaledBy: level.noise)
                }
                let z = try point(scheduler.level(at: step))
                let level = scheduler.level(at: step)
                let output =
                    switch scheduler.predictionType {
                    case .epsilon: noise
                    case .sample: clean
                    case .velocity: try (noise * level.signal).adding(clean, scaledBy: -level.noise)
                    }
                let found = try scheduler.noise(from: output, latent: z, step: step)
                #expect(try (found - noise).maxAbs() < 1e-5, "\(run.key)")
                #expect(try (scheduler.predictClean(z, noise: found, at: level) - clean).maxAbs() < 1e-5)
                let next = try scheduler.step(step, noise: found, latent: z, history: &history, fresh: nil)
                #expect(try (next - point(scheduler.level(after: step))).maxAbs() < 1e-5, "\(run.key), step \(step)")
            }
        }
    }

    @Test func missingFreshNoiseIsAnError() throws {
        let run = try #require(try Self.runs.get().first { $0.key == "ddim.eta" })
        let scheduler = try run.made()
        #expect(scheduler.drawsNoise)
        var history = SchedulerHistory()
        let z = try randn(1, [3])
        #expect(throws: TorchError.self) {
            try scheduler.step(0, noise: z, latent: z, history: &history, fresh: nil)
        }
    }

    /// The gradient through a network's output is that of its ε̂, and outside of the limit that of the clean prediction
    /// is nothing.
    @Test("a clean prediction beyond its limit is cut to it and passes no gradient")
    func limitedPredictions() throws {
        let run = try #require(try Self.runs.get().first { $0.key == "ddim.clip" })
        let scheduler = try run.made()
        #expect(scheduler.cleanLimit == 1)
        let level = scheduler.level(after: 9)
        let z = try Tensor([0.5, 3.0], shape: [2]).leaf()
        let clean = try scheduler.predictClean(z, noise: Tensor.zeros([2], dtype: .float64), at: level)
        #expect(try clean.doubles()[1] == 1)
        let gradient = try Autograd.gradients(of: clean.sum(), [z])[0].doubles()
        #expect(abs(gradient[0] - 1 / level.signal) < 1e-12 && gradient[1] == 0)
    }
}
