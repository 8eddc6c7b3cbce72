import Foundation
import Goldens
import Method
import Networks
import TestSupport
import Testing
import Torch

@testable import Engine

/// MM-Diffusion's samplers against the reference.
@Suite struct CoupledSchedulerTests {
    /// The sampler's steps over a formula in place of a network; how often it was asked is counted.
    private static func run(
        _ scheduler: any LatentScheduler, _ latents: [Tensor], _ formula: @escaping (Tensor, Double) throws -> Tensor
    ) throws -> (latents: [Tensor], times: [Double]) {
        var (z, times) = (latents, [Double]())
        var histories = latents.map { _ in SchedulerHistory() }
        for (step, timestep) in scheduler.timesteps.enumerated() {
            times.append(timestep)
            let noise = try z.map { try scheduler.noise(from: formula($0, timestep), latent: $0, step: step) }
            z = try scheduler.step(
                step, noise: noise, latents: z, histories: &histories,
                from: StepSources(fresh: { try z.map { try Tensor.zeros($0.shape) } }) { inner, time, _ in
                    times.append(time)
                    return try inner.map { try formula($0, time) }
                })
        }
        return (z, times)
    }

    @Test("the network is told the reference's timesteps, for every number of steps")
    func times() throws {
        let goldens = try GoldenFile.json([String: [Int]].self, at: Fixtures.url("mm/times.json"))
        #expect(goldens.count == 100)
        let z = [try randn(1, [1, 2]), try randn(2, [1, 3])]
        for (name, expected) in goldens {
            let words = name.split(separator: " ")
            let sampling = CoupledSampling(scheduler: try #require(.init(rawValue: String(words[0]))))
            let steps = try #require(Int(words[1]))
            let scheduler = try sampling.scheduler(steps: steps)
            let asked = try Self.run(scheduler, z) { z, _ in try z * 0.5 }.times
            #expect(asked.map { Int($0) } == expected, "\(name)")
            #expect(sampling.scheduler.orders(steps).count == scheduler.timesteps.count)
            #expect(sampling.scheduler.orders(steps).reduce(0, +) == expected.count)
        }
    }

    @Test("steps of their own length end where the reference's do, each sample by itself")
    func adaptive() throws {
        let goldens = try GoldenFile(at: Fixtures.url("mm/adaptive.safetensors"))
        let (video, audio) = (try randn(910, [1, 4, 3, 4, 4]), try randn(911, [1, 1, 256]))
        func formula(_ z: Tensor, _ time: Double) throws -> Tensor { try (z * (1.5 - time / 1000)).tanh() * 0.9 }
        let scheduler = DPMSolverAdaptiveScheduler()
        let alone = try Self.run(scheduler, [video, audio], formula)
        #expect(try goldens.tensor("times").integers() == alone.times.map { Int64($0) })
        #expect(try goldens.relativeDifference("vision", alone.latents[0]) < 2e-5)
        #expect(try goldens.relativeDifference("audio", alone.latents[1]) < 2e-5)
        let other = (try randn(912, [1, 4, 3, 4, 4]) * 2, try randn(913, [1, 1, 256]))
        let both = try Self.run(
            scheduler, [Tensor.cat([other.0, video], 0), Tensor.cat([other.1, audio], 0)], formula)
        for place in 0..<2 {
            #expect(try (both.latents[place].narrow(0, from: 1, count: 1) - alone.latents[place]).maxAbs() < 1e-5)
        }
    }

    @Test("numbers of steps that a sampler does not have are named")
    func refused() {
        for (scheduler, steps, eta) in [
            (CoupledSampling.Scheduler.ddim, 51, 0), (.ddim, 0, 0), (.ddpm, 1001, 0), (.dpmSolver, 0, 0),
            (.ddpm, 25, 0.5),
        ] as [(CoupledSampling.Scheduler, Int, Double)] {
            let error = #expect(throws: ConfigurationError.self) {
                try CoupledSampling(scheduler: scheduler).scheduler(steps: steps, eta: eta)
            }
            #expect(error?.field == (eta > 0 ? "eta" : "steps"))
            if steps == 51 { #expect(error?.expected == "50 or 53 for ddim") }
        }
    }

    @Test("a variance that the network mixes lies between the fixed ones, whose larger one is used by itself")
    func variance() throws {
        let scheduler = try GaussianDiffusionScheduler(.ddpm, steps: 10)
        let (noise, z) = (try randn(1, [1, 4]), try randn(2, [1, 4]))
        let fresh = try randn(3, [1, 4])
        func step(_ mixture: Double?) throws -> Tensor {
            try scheduler.step(
                4, noise: noise, latent: z, fresh: fresh, mixture: mixture.map { try Tensor.full([1, 4], $0) })
        }
        #expect(try (step(1) - step(nil)).maxAbs() < 1e-6)
        #expect(try (step(-1) - step(nil)).maxAbs() > 1e-3)
        #expect(throws: TorchError.self) {
            try scheduler.step(4, noise: noise, latent: z, fresh: nil, mixture: nil)
        }
    }
}
