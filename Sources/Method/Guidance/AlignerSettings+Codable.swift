extension AlignerSettings: Codable {
    private enum CodingKeys: String, CodingKey {
        case optimizer, every, start, below, stop
        case learningRate = "learning_rate"
        case learningRateScale = "learning_rate_scale"
        case promptLearningRate = "prompt_learning_rate"
        case promptOptimizer = "prompt_optimizer"
        case promptState = "prompt_state"
        case innerSteps = "inner_steps"
        case x0Pairing = "x0_pairing"
        case textTerm = "text_term"
    }

    /// Reads the settings; `start` and `below` exclude each other.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        optimizer = try fields.decode(Optimizer.self, forKey: .optimizer)
        learningRate = try fields.decode(PerModality<Double>.self, forKey: .learningRate)
        promptLearningRate = try fields.decode(PerModality<Double>.self, forKey: .promptLearningRate)
        promptOptimizer = try fields.decode(Optimizer.self, forKey: .promptOptimizer)
        promptState = try fields.decode(PromptState.self, forKey: .promptState)
        innerSteps = try fields.decode(Int.self, forKey: .innerSteps)
        if let limit = try fields.decodeIfPresent(Int.self, forKey: .below) {
            window = .below(limit)
        } else {
            window = .start(try fields.decode(Double.self, forKey: .start))
        }
        every = try fields.decode(Int.self, forKey: .every)
        // Later than the other settings, and written where they say something alone: records of earlier runs stay what they are.
        stop = try fields.decodeIfPresent(Double.self, forKey: .stop) ?? 1
        learningRateScale =
            try fields.decodeIfPresent(LearningRateScale.self, forKey: .learningRateScale) ?? .none
        x0Pairing = try fields.decode(X0Pairing.self, forKey: .x0Pairing)
        textTerm = try fields.decode(Bool.self, forKey: .textTerm)
    }

    /// Writes the settings under the job file's keys.
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(optimizer, forKey: .optimizer)
        try fields.encode(learningRate, forKey: .learningRate)
        try fields.encode(promptLearningRate, forKey: .promptLearningRate)
        try fields.encode(promptOptimizer, forKey: .promptOptimizer)
        try fields.encode(promptState, forKey: .promptState)
        try fields.encode(innerSteps, forKey: .innerSteps)
        switch window {
        case .start(let fraction): try fields.encode(fraction, forKey: .start)
        case .below(let limit): try fields.encode(limit, forKey: .below)
        }
        try fields.encode(every, forKey: .every)
        if stop != 1 { try fields.encode(stop, forKey: .stop) }
        if learningRateScale != .none { try fields.encode(learningRateScale, forKey: .learningRateScale) }
        try fields.encode(x0Pairing, forKey: .x0Pairing)
        try fields.encode(textTerm, forKey: .textTerm)
    }
}
