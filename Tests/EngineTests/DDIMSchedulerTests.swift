import Foundation
import Goldens
import Networks
import TestSupport
import Testing
import Torch

@testable import Engine

/// Against diffusers' `DDIMScheduler`, for the schedules of AudioLDM, AnimateDiff and Stable Diffusion, and one with
/// trailing timesteps.
@Suite struct DDIMSchedulerTests {
    struct Goldens: Decodable, Sendable {
        let configs: [String: SchedulerConfiguration]
        /// Steps, timesteps, the largest timestep, and a hash of all.
        let timesteps: [String: [[Entry]]]
        let runs: [Run]

        enum Entry: Decodable, Sendable {
            case number(Int)
            case hash(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Int.self) {
                    self = .number(number)
                } else {
                    self = .hash(try container.decode(String.self))
                }
            }
            var number: Int { if case .number(let number) = self { number } else { -1 } }
            var hash: String { if case .hash(let hash) = self { hash } else { "" } }
        }

        struct Run: Decodable, Sendable {
            let schedule: String
            let steps: Int
            let timestep: Int
            let eta: Double
            let key: String
        }
    }

    static let names = ["audioldm", "animatediff", "sd", "trailing"]

    @Test("timesteps are those of diffusers, or refused where diffusers cannot index one", arguments: names)
    func timesteps(_ name: String) throws {
        let goldens = try Fixtures.goldens.description(Goldens.self, of: "schedules")
        let configuration = try #require(goldens.configs[name])
        for golden in try #require(goldens.timesteps[name]) {
            let (steps, count, largest) = (golden[0].number, golden[1].number, golden[2].number)
            guard largest < 1000 else {
                // diffusers makes a timestep that it cannot index.
                #expect(throws: ConfigurationError.self) { try DDIMScheduler(configuration, steps: steps) }
                continue
            }
            let timesteps = try DDIMScheduler(configuration, steps: steps).timesteps
            #expect(timesteps.count == steps)
            #expect(zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 > $1 })
            // Trailing with 61 steps: the rounding of `arange` gives diffusers a 62nd timestep, −1.
            guard count == steps else { continue }
            #expect(FNV1a.hex(timesteps.lazy.map { UInt64($0) }) == golden[3].hash, "\(steps) steps: \(timesteps)")
        }
    }

    @Test("the noise levels are those of diffusers to the bit", arguments: names)
    func alphas(_ name: String) throws {
        let configuration = try #require(try Fixtures.goldens.description(Goldens.self, of: "schedules").configs[name])
        let golden = try Fixtures.goldens.units("schedules").tensor("\(name).alphas").floats()
        let alphas = try NoiseSchedule(configuration, steps: 10, model: "").alphasCumprod
        #expect(golden.count == 1000)
        let different = golden.indices.filter { golden[$0] != alphas[$0] }
        #expect(different.isEmpty, "\(different.count) differ, the first at \(different.first ?? 0)")
        // A step leads as far as the stride, whatever the next timestep; the last one to ᾱ_0, or to 1 where the
        // configuration says so.
        let scheduler = try DDIMScheduler(configuration, steps: 10)
        for (step, timestep) in scheduler.timesteps.enumerated() {
            #expect(scheduler.level(at: step) == NoiseLevel(alpha: golden[Int(timestep)]))
            let previous = Int(timestep) - 100
            let alpha = previous >= 0 ? golden[previous] : name == "trailing" ? 1 : golden[0]
            #expect(scheduler.level(after: step) == NoiseLevel(alpha: alpha))
        }
    }

    @Test("a step agrees with that of diffusers, with and without fresh noise")
    func steps() throws {
        let goldens = try Fixtures.goldens.description(Goldens.self, of: "schedules")
        let tensors = try Fixtures.goldens.units("schedules")
        let (z, noise, fresh) = (try randn(1, [1, 2, 3, 4]), try randn(2, [1, 2, 3, 4]), try randn(3, [1, 2, 3, 4]))
        #expect(goldens.runs.count > 50 && goldens.runs.contains { $0.eta == 1 })
        for run in goldens.runs {
            let scheduler = try DDIMScheduler(#require(goldens.configs[run.schedule]), steps: run.steps, eta: run.eta)
            let step = try #require(scheduler.timesteps.firstIndex(of: Double(run.timestep)))
            var history = SchedulerHistory()
            let next = try scheduler.step(step, noise: noise, latent: z, history: &history, fresh: fresh)
            let difference = try tensors.relativeDifference(run.key, next)
            #expect(difference < 5e-7, "\(run.key): \(difference)")
        }
    }

    /// DDIM's own prediction of the clean latent is unchanged by its own step, with the stepped latent's ᾱ.
    @Test func theStepKeepsTheCleanPrediction() throws {
        let configuration = try #require(try Fixtures.goldens.description(Goldens.self, of: "schedules").configs["sd"])
        let scheduler = try DDIMScheduler(configuration, steps: 20)
        let (z, noise) = (try randn(1, [30], dtype: .float64), try randn(2, [30], dtype: .float64))
        var history = SchedulerHistory()
        for step in scheduler.timesteps.indices {
            let before = try scheduler.predictClean(z, noise: noise, at: scheduler.level(at: step))
            let next = try scheduler.step(step, noise: noise, latent: z, history: &history, fresh: nil)
            let after = try scheduler.predictClean(next, noise: noise, at: scheduler.level(after: step))
            #expect(try (before - after).maxAbs() < 1e-5 * before.maxAbs())
        }
    }
}
