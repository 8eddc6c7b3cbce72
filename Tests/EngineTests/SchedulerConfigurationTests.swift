import Foundation
import Method
import Networks
import Parity
import Testing

@testable import Engine

/// What a folder and a job may ask of a scheduler, and what they may not.
@Suite struct SchedulerConfigurationTests {
    private func configuration(_ json: String) throws -> SchedulerConfiguration {
        try JSONDecoder().decode(SchedulerConfiguration.self, from: Data(json.utf8))
    }

    struct Wrong: Sendable {
        let name: SchedulerName
        let json: String
        let field: String
        var steps = 10
    }

    private static let any: [(json: String, field: String)] = [
        (#"{"prediction_type": "flow_prediction"}"#, "prediction_type"),
        (#"{"beta_schedule": "squaredcos_cap_v2"}"#, "beta_schedule"),
        (#"{"beta_start": 0}"#, "beta_start"), (#"{"beta_end": 1.5}"#, "beta_end"),
        (#"{"timestep_spacing": "karras"}"#, "timestep_spacing"),
        (#"{"num_train_timesteps": 0}"#, "num_train_timesteps"),
        (#"{"num_train_timesteps": 99999999999}"#, "num_train_timesteps"), (#"{"num_train_timesteps": 9}"#, "steps"),
        (#"{"steps_offset": 999, "timestep_spacing": "leading"}"#, "steps_offset"),
        (#"{"steps_offset": -99, "timestep_spacing": "leading"}"#, "steps_offset"),
        (#"{"rescale_betas_zero_snr": true}"#, "rescale_betas_zero_snr"),
        (#"{"trained_betas": [0.1, 0.2]}"#, "trained_betas"),
    ]

    private static let wrong: [Wrong] =
        SchedulerName.allCases.flatMap { name in any.map { Wrong(name: name, json: $0.json, field: $0.field) } }
        + [
            Wrong(name: .ddim, json: #"{"thresholding": true}"#, field: "thresholding"),
            Wrong(name: .ddim, json: #"{"clip_sample_range": 0}"#, field: "clip_sample_range"),
            Wrong(name: .dpmSolver, json: #"{"thresholding": true}"#, field: "thresholding"),
            Wrong(name: .dpmSolver, json: #"{"algorithm_type": "dpmsolver"}"#, field: "algorithm_type"),
            Wrong(name: .dpmSolver, json: #"{"solver_order": 4}"#, field: "solver_order"),
            Wrong(name: .dpmSolver, json: #"{"solver_order": 0}"#, field: "solver_order"),
            Wrong(
                name: .dpmSolver, json: #"{"solver_order": 3, "algorithm_type": "sde-dpmsolver++"}"#,
                field: "solver_order"),
            Wrong(name: .dpmSolver, json: #"{"solver_type": "rk4"}"#, field: "solver_type"),
            Wrong(name: .dpmSolver, json: #"{"final_sigmas_type": "one"}"#, field: "final_sigmas_type"),
            Wrong(name: .dpmSolver, json: #"{"variance_type": "learned_range"}"#, field: "variance_type"),
            Wrong(name: .dpmSolver, json: #"{"lambda_min_clipped": 99}"#, field: "lambda_min_clipped"),
            Wrong(name: .dpmSolver, json: "{}", field: "steps", steps: 1000),
            Wrong(name: .euler, json: #"{"interpolation_type": "log_linear"}"#, field: "interpolation_type"),
            Wrong(name: .euler, json: #"{"timestep_type": "continuous"}"#, field: "timestep_type"),
            Wrong(
                name: .euler, json: #"{"use_karras_sigmas": true, "sigma_max": 1, "sigma_min": 2}"#, field: "sigma_max"),
        ]
        + ["use_exponential_sigmas", "use_beta_sigmas", "use_flow_sigmas", "use_lu_lambdas", "use_dynamic_shifting"].map
    {
        Wrong(name: .dpmSolver, json: #"{"\#($0)": true}"#, field: $0)
    }

    @Test func wrongConfigurationsNameTheField() throws {
        let models: [SchedulerName: String] = [
            .ddim: "DDIMScheduler", .dpmSolver: "DPMSolverMultistepScheduler", .euler: "EulerDiscreteScheduler",
        ]
        for wrong in Self.wrong {
            let configuration = try configuration(wrong.json)
            do throws(ConfigurationError) {
                _ = try SamplerSettings(wrong.name).scheduler(configuration, steps: wrong.steps)
                Issue.record("\(wrong.name) took \(wrong.json)")
            } catch {
                #expect(error.field == wrong.field && error.model == models[wrong.name], "\(wrong.json): \(error)")
                #expect(error.description.contains("'\(wrong.field)' is \(error.found)"))
            }
        }
    }

    /// What another class's file holds is not this one's concern.
    @Test func fieldsOfOtherClassesAreLeftAlone() throws {
        let json = #"""
            {"_class_name": "PNDMScheduler", "skip_prk_steps": true, "clip_sample": true, "sigma_min": null,
            "use_flow_sigmas": true, "interpolation_type": "log_linear", "thresholding": true, "solver_order": 7}
            """#
        #expect(
            try SamplerSettings(.euler).scheduler(
                configuration(
                    #"{"clip_sample": true, "thresholding": true, "solver_order": 7, "use_flow_sigmas": true}"#),
                steps: 5, eta: 0
            ).cleanLimit == nil)
        #expect(throws: ConfigurationError.self) {
            try SamplerSettings(.dpmSolver).scheduler(configuration(json), steps: 5)
        }
        let ddim = #"{"solver_order": 7, "use_flow_sigmas": true, "use_karras_sigmas": true, "clip_sample_range": 2}"#
        #expect(try SamplerSettings().scheduler(configuration(ddim), steps: 5).cleanLimit == 2)
    }

    /// η and Karras' levels are not ignored where a scheduler has none.
    @Test func whatAJobAsksForIsNotIgnored() throws {
        let plain = try configuration("{}")
        for (choice, eta, field) in [
            (SamplerSettings(.dpmSolver), 0.5, "eta"), (SamplerSettings(.euler), 1, "eta"),
            (SamplerSettings(), -0.1, "eta"), (SamplerSettings(), .nan, "eta"), (SamplerSettings(), .infinity, "eta"),
            (SamplerSettings(.euler), .nan, "eta"),
        ] as [(SamplerSettings, Double, String)] {
            do throws(ConfigurationError) {
                _ = try choice.scheduler(plain, steps: 5, eta: eta)
                Issue.record("\(choice) took η \(eta)")
            } catch {
                #expect(error.field == field)
            }
        }
        #expect(try SamplerSettings().scheduler(plain, steps: 5, eta: 1).drawsNoise)
    }

    @Test("a number of steps that the schedule does not have is refused", arguments: SchedulerName.allCases)
    func stepsBeyondTheSchedule(_ name: SchedulerName) throws {
        let plain = try configuration("{}")
        for steps in [0, -3, 1001, .max, .min] {
            #expect(throws: ConfigurationError.self) {
                try SamplerSettings(name).scheduler(plain, steps: steps)
            }
        }
        for steps in [1, 2, 3, 14, 15, 499] {
            #expect(try SamplerSettings(name).scheduler(plain, steps: steps).timesteps.count == steps)
        }
    }
}
