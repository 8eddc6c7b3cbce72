extension Job {
    /// The sampler's settings of one task.
    ///
    /// What its product does not have keeps a constant that nothing reads, and is not written.
    package struct Sampling: Sendable, Equatable {
        /// What is made, which says which settings count.
        package let product: Product
        /// Sampling steps.
        package var steps = 25
        /// Scale of classifier-free guidance per generated modality; 1 turns it off.
        package var cfgScale = PerModality(audio: 2.5, video: 7.5)
        /// What takes the steps, per generated modality.
        package var scheduler = PerModality(audio: Scheduler.ddim, video: .ddim)
        /// The betas, per generated modality.
        package var betaSchedule = PerModality(audio: BetaSchedule.model, video: .model)
        /// Where the steps lie, per generated modality.
        package var timestepSpacing = PerModality(audio: TimestepSpacing.model, video: .model)
        /// Whether `dpmsolver++` and `euler` space their sigmas as Karras et al. do.
        package var karrasSigmas = false
        /// DDIM's η; 0 is deterministic, 1 is DDPM.
        package var eta = 0.0
        /// The length of sound that no video goes with.
        package var duration = OutputDuration.seconds(10)
        /// The longest output that `source` or a manifest row may ask for, and the longest window that is read of a file
        /// that does not set the output's length; in seconds.
        package var maxDuration = 30.0
        /// Pictures of a video whose row gives no duration.
        package var frames = 16
        /// Pictures per second of a video.
        package var fps = 8.0
        /// Columns of a picture, a multiple of 8.
        package var width = 512
        /// Rows of a picture, a multiple of 8.
        package var height = 512

        package init(product: Product) { self.product = product }

        private enum CodingKeys: String, CodingKey {
            case steps, scheduler, eta, duration, frames, fps, width, height
            case cfgScale = "cfg_scale"
            case betaSchedule = "beta_schedule"
            case timestepSpacing = "timestep_spacing"
            case karrasSigmas = "karras_sigmas"
            case maxDuration = "max_duration"
        }
    }

    /// What a task makes.
    package enum Product: Sendable, Equatable {
        case sound, image, video, videoWithSound

        /// Whether there is sound in it.
        package var hasAudio: Bool { self == .sound || self == .videoWithSound }
        /// Whether there are pictures in it.
        package var hasPictures: Bool { self != .sound }
        /// Whether its pictures move.
        package var isVideo: Bool { self == .video || self == .videoWithSound }

        /// The values that count.
        package func values<Value>(of setting: PerModality<Value>) -> [Value] {
            (hasAudio ? [setting.audio] : []) + (hasPictures ? [setting.video] : [])
        }
    }

    /// What takes the sampler's steps; named as users of diffusers know them.
    package enum Scheduler: String, Codable, Sendable, CaseIterable {
        /// `DDIMScheduler`.
        case ddim
        /// `DPMSolverMultistepScheduler`, second order, midpoint.
        case dpmSolver = "dpmsolver++"
        /// `EulerDiscreteScheduler`.
        case euler
    }

    /// How the betas of the training schedule grow.
    package enum BetaSchedule: String, Codable, Sendable, CaseIterable {
        /// As the model's `scheduler_config.json` says.
        case model
        case linear
        case scaledLinear = "scaled_linear"
    }

    /// Where the sampling steps lie among the training steps.
    package enum TimestepSpacing: String, Codable, Sendable, CaseIterable {
        /// As the model's `scheduler_config.json` says.
        case model
        case leading, linspace, trailing
    }
}

extension Job.Sampling: Codable {
    /// Reads the settings; those that are there tell the product.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let scales = try fields.nestedContainer(keyedBy: Modality.self, forKey: .cfgScale)
        let product: Job.Product =
            switch (scales.contains(.audio), fields.contains(.width), fields.contains(.frames)) {
            case (_, false, _): .sound
            case (_, true, false): .image
            case (false, true, true): .video
            case (true, true, true): .videoWithSound
            }
        self.init(product: product)
        steps = try fields.decode(Int.self, forKey: .steps)
        try Self.decode(&cfgScale, product, fields, .cfgScale)
        try Self.decode(&scheduler, product, fields, .scheduler)
        try Self.decode(&betaSchedule, product, fields, .betaSchedule)
        try Self.decode(&timestepSpacing, product, fields, .timestepSpacing)
        karrasSigmas = try fields.decode(Bool.self, forKey: .karrasSigmas)
        eta = try fields.decode(Double.self, forKey: .eta)
        maxDuration = try fields.decode(Double.self, forKey: .maxDuration)
        if product == .sound { duration = try fields.decode(OutputDuration.self, forKey: .duration) }
        if product.isVideo {
            frames = try fields.decode(Int.self, forKey: .frames)
            fps = try fields.decode(Double.self, forKey: .fps)
        }
        if product.hasPictures {
            width = try fields.decode(Int.self, forKey: .width)
            height = try fields.decode(Int.self, forKey: .height)
        }
    }

    /// Writes the settings that count for the product, under the job file's keys.
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(steps, forKey: .steps)
        try encode(cfgScale, &fields, .cfgScale)
        try encode(scheduler, &fields, .scheduler)
        try encode(betaSchedule, &fields, .betaSchedule)
        try encode(timestepSpacing, &fields, .timestepSpacing)
        try fields.encode(karrasSigmas, forKey: .karrasSigmas)
        try fields.encode(eta, forKey: .eta)
        try fields.encode(maxDuration, forKey: .maxDuration)
        if product == .sound { try fields.encode(duration, forKey: .duration) }
        if product.isVideo {
            try fields.encode(frames, forKey: .frames)
            try fields.encode(fps, forKey: .fps)
        }
        if product.hasPictures {
            try fields.encode(width, forKey: .width)
            try fields.encode(height, forKey: .height)
        }
    }

    private enum Modality: String, CodingKey { case audio, video }

    private static func decode<Value>(
        _ setting: inout PerModality<Value>, _ product: Job.Product, _ fields: KeyedDecodingContainer<CodingKeys>,
        _ key: CodingKeys
    ) throws {
        let values = try fields.nestedContainer(keyedBy: Modality.self, forKey: key)
        if product.hasAudio { setting.audio = try values.decode(Value.self, forKey: .audio) }
        if product.hasPictures { setting.video = try values.decode(Value.self, forKey: .video) }
    }

    private func encode<Value>(
        _ setting: PerModality<Value>, _ fields: inout KeyedEncodingContainer<CodingKeys>, _ key: CodingKeys
    ) throws {
        var values = fields.nestedContainer(keyedBy: Modality.self, forKey: key)
        if product.hasAudio { try values.encode(setting.audio, forKey: .audio) }
        if product.hasPictures { try values.encode(setting.video, forKey: .video) }
    }
}

/// The length of sound that no video goes with.
package enum OutputDuration: Sendable, Equatable, Codable {
    /// This many seconds.
    case seconds(Double)
    /// The steering clip's length, rounded up to a whole second.
    case source

    /// Reads a number of seconds or `"source"`.
    package init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let seconds = try? single.decode(Double.self) {
            self = .seconds(seconds)
        } else if try single.decode(String.self) == "source" {
            self = .source
        } else {
            throw DecodingError.dataCorruptedError(in: single, debugDescription: "neither seconds nor `source`")
        }
    }

    /// Writes a number of seconds or `"source"`.
    package func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        switch self {
        case .seconds(let seconds): try single.encode(seconds)
        case .source: try single.encode("source")
        }
    }
}
