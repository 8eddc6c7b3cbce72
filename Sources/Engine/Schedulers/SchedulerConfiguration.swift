internal import Networks

/// `scheduler_config.json`, by diffusers' names, of whatever class wrote it.
///
/// As with diffusers' `from_config`, a scheduler reads the fields that its class has, fills in its own defaults where a
/// field is absent, and leaves the others alone; the class that the file names does not matter.
package struct SchedulerConfiguration: Decodable, Sendable {
    package let numTrainTimesteps: Int?
    package let betaStart: Double?
    package let betaEnd: Double?
    package var betaSchedule: String?
    package let trainedBetas: [Double]?
    package let rescaleBetasZeroSNR: Bool?
    package let predictionType: String?
    package let thresholding: Bool?
    package let variance: String?
    package var timestepSpacing: String?
    package let timestepType: String?
    package let stepsOffset: Int?
    package let clipSample: Bool?
    package let clipSampleRange: Double?
    package let setAlphaToOne: Bool?
    package let algorithm: String?
    package let solverOrder: Int?
    package let solverType: String?
    package let lowerOrderFinal: Bool?
    package let eulerAtFinal: Bool?
    package let finalSigmas: String?
    package let lambdaMinClipped: Double?
    package let interpolation: String?
    package let sigmaMin: Double?
    package let sigmaMax: Double?
    package var useKarrasSigmas: Bool?
    package let useExponentialSigmas: Bool?
    package let useBetaSigmas: Bool?
    package let useFlowSigmas: Bool?
    package let useLuLambdas: Bool?
    package let useDynamicShifting: Bool?

    enum CodingKeys: String, CodingKey {
        case numTrainTimesteps = "num_train_timesteps"
        case betaStart = "beta_start"
        case betaEnd = "beta_end"
        case betaSchedule = "beta_schedule"
        case trainedBetas = "trained_betas"
        case rescaleBetasZeroSNR = "rescale_betas_zero_snr"
        case predictionType = "prediction_type"
        case thresholding
        case variance = "variance_type"
        case timestepSpacing = "timestep_spacing"
        case timestepType = "timestep_type"
        case stepsOffset = "steps_offset"
        case clipSample = "clip_sample"
        case clipSampleRange = "clip_sample_range"
        case setAlphaToOne = "set_alpha_to_one"
        case algorithm = "algorithm_type"
        case solverOrder = "solver_order"
        case solverType = "solver_type"
        case lowerOrderFinal = "lower_order_final"
        case eulerAtFinal = "euler_at_final"
        case finalSigmas = "final_sigmas_type"
        case lambdaMinClipped = "lambda_min_clipped"
        case interpolation = "interpolation_type"
        case sigmaMin = "sigma_min"
        case sigmaMax = "sigma_max"
        case useKarrasSigmas = "use_karras_sigmas"
        case useExponentialSigmas = "use_exponential_sigmas"
        case useBetaSigmas = "use_beta_sigmas"
        case useFlowSigmas = "use_flow_sigmas"
        case useLuLambdas = "use_lu_lambdas"
        case useDynamicShifting = "use_dynamic_shifting"
    }

    /// Refuses what a scheduler does not compute.
    ///
    /// - Parameter fields: those of the scheduler's class that must be false or absent.
    /// - Throws: ``ConfigurationError`` that names the first that is true.
    func refuse(_ fields: KeyValuePairs<CodingKeys, Bool?>, model: String) throws(ConfigurationError) {
        for (field, value) in fields where value == true {
            throw ConfigurationError(model, field.rawValue, found: "true", expected: "false")
        }
    }

    /// The value of a field among those that a scheduler computes.
    ///
    /// - Parameters:
    ///   - value: of the field; nil is its default.
    ///   - fallback: the default of the scheduler's class.
    /// - Throws: ``ConfigurationError`` for another value.
    static func choice<T: RawRepresentable<String> & CaseIterable>(
        _ value: String?, _ field: CodingKeys, default fallback: T, model: String
    ) throws(ConfigurationError) -> T {
        guard let value else { return fallback }
        guard let chosen = T(rawValue: value) else {
            let known = T.allCases.map(\.rawValue).joined(separator: " or ")
            throw ConfigurationError(model, field.rawValue, found: value, expected: known)
        }
        return chosen
    }
}
