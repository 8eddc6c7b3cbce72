import Foundation
import Testing
import Torch

@testable import Engine

/// Against diffusers' `DDIMScheduler`, for the schedules of AudioLDM, AnimateDiff and Stable Diffusion, and one with
/// trailing timesteps.
@Suite struct DDIMSchedulerTests {
    struct Goldens: Decodable, Sendable {
        let configs: [String: DDIMScheduler.Configuration]
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

    @Test(arguments: names) func timesteps(_ name: String) throws {
        let goldens = try UnitGoldens.json(Goldens.self, "schedules")
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
            #expect(fnv(timesteps.lazy.map { UInt64($0) }) == golden[3].hash, "\(steps) steps: \(timesteps)")
        }
    }

    @Test(arguments: names) func alphas(_ name: String) throws {
        let configuration = try #require(try UnitGoldens.json(Goldens.self, "schedules").configs[name])
        let golden = try UnitGoldens("schedules").tensor("\(name).alphas").floats()
        let scheduler = try DDIMScheduler(configuration, steps: 10)
        #expect(golden.count == 1000)
        let different = golden.indices.filter { golden[$0] != scheduler.alpha(at: $0) }
        #expect(different.isEmpty, "\(different.count) differ, the first at \(different.first ?? 0)")
        // The last step leads to ᾱ_0, or to 1 where the configuration says so.
        #expect(scheduler.alpha(after: 5) == (name == "trailing" ? 1 : golden[0]))
        #expect(scheduler.alpha(after: 601) == golden[501])
    }

    @Test func steps() throws {
        let goldens = try UnitGoldens.json(Goldens.self, "schedules")
        let tensors = try UnitGoldens("schedules")
        let (z, noise, fresh) = (try randn(1, [1, 2, 3, 4]), try randn(2, [1, 2, 3, 4]), try randn(3, [1, 2, 3, 4]))
        #expect(goldens.runs.count > 50 && goldens.runs.contains { $0.eta == 1 })
        for run in goldens.runs {
            let scheduler = try DDIMScheduler(#require(goldens.configs[run.schedule]), steps: run.steps)
            let next = try scheduler.step(noise: noise, timestep: run.timestep, latent: z, eta: run.eta, fresh: fresh)
            let difference = try tensors.relativeDifference(run.key, next)
            #expect(difference < 5e-7, "\(run.key): \(difference)")
        }
    }

    /// DDIM's own prediction of the clean latent is unchanged by its own step, with the stepped latent's ᾱ.
    @Test func theStepKeepsTheCleanPrediction() throws {
        let configuration = try #require(try UnitGoldens.json(Goldens.self, "schedules").configs["sd"])
        let scheduler = try DDIMScheduler(configuration, steps: 20)
        let (z, noise) = (try randn(1, [30], dtype: .float64), try randn(2, [30], dtype: .float64))
        for timestep in scheduler.timesteps {
            let before = try scheduler.predictClean(z, noise: noise, alpha: scheduler.alpha(at: timestep))
            let next = try scheduler.step(noise: noise, timestep: timestep, latent: z)
            let after = try scheduler.predictClean(next, noise: noise, alpha: scheduler.alpha(after: timestep))
            #expect(try (before - after).maxAbs() < 1e-5 * before.maxAbs())
        }
    }

    @Test func wrongConfigurationsNameTheField() throws {
        let cases: [(String, String)] = [
            (#"{"clip_sample": true}"#, "clip_sample"), ("{}", "clip_sample"),
            (#"{"clip_sample": false, "thresholding": true}"#, "thresholding"),
            (#"{"clip_sample": false, "prediction_type": "v_prediction"}"#, "prediction_type"),
            (#"{"clip_sample": false, "beta_schedule": "squaredcos_cap_v2"}"#, "beta_schedule"),
            (#"{"clip_sample": false, "timestep_spacing": "karras"}"#, "timestep_spacing"),
            (#"{"clip_sample": false, "num_train_timesteps": 0}"#, "num_train_timesteps"),
            (#"{"clip_sample": false, "num_train_timesteps": 9}"#, "steps"),
            (#"{"clip_sample": false, "steps_offset": 901}"#, "steps_offset"),
            (#"{"clip_sample": false, "steps_offset": -1}"#, "steps_offset"),
            (#"{"clip_sample": false, "rescale_betas_zero_snr": true}"#, "rescale_betas_zero_snr"),
            (#"{"clip_sample": false, "trained_betas": [0.1, 0.2]}"#, "trained_betas"),
        ]
        for (json, field) in cases {
            let configuration = try JSONDecoder().decode(DDIMScheduler.Configuration.self, from: Data(json.utf8))
            do {
                _ = try DDIMScheduler(configuration, steps: 10)
                Issue.record("\(json) was taken")
            } catch {
                #expect(error.field == field && error.model == "DDIMScheduler", "\(error)")
                #expect(error.description.contains("'\(field)' is \(error.found)"))
            }
        }
        let good = try JSONDecoder().decode(
            DDIMScheduler.Configuration.self, from: Data(#"{"clip_sample": false}"#.utf8))
        for steps in [0, -3, 1001, .max] {
            #expect(throws: ConfigurationError.self) { try DDIMScheduler(good, steps: steps) }
        }
        #expect(try DDIMScheduler(good, steps: 1).timesteps == [0])
    }
}
