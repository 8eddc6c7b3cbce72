extension SamplingSettings: Codable {
    private enum CodingKeys: String, CodingKey {
        case steps, scheduler, eta, duration, frames, fps, width, height
        case cfgScale = "cfg_scale"
        case betaSchedule = "beta_schedule"
        case timestepSpacing = "timestep_spacing"
        case karrasSigmas = "karras_sigmas"
        case maxDuration = "max_duration"
        case coupled = "mm"
    }

    private enum ModalityKey: String, CodingKey { case audio, video }

    /// Reads what ``encode(to:)`` writes.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            steps: try fields.decode(Int.self, forKey: .steps), eta: try fields.decode(Double.self, forKey: .eta),
            karrasSigmas: try fields.decode(Bool.self, forKey: .karrasSigmas),
            maxDuration: try fields.decode(Double.self, forKey: .maxDuration))
        coupled = try fields.decodeIfPresent(CoupledSampling.self, forKey: .coupled)
        guard coupled == nil else { return }
        let modalities = try fields.nestedContainer(keyedBy: ModalityKey.self, forKey: .cfgScale)
        if modalities.contains(.audio) {
            audio = AudioSampling(
                sampler: try Self.sampler(fields, .audio),
                duration: try fields.decodeIfPresent(OutputDuration.self, forKey: .duration))
        }
        if modalities.contains(.video) {
            let frames = try fields.decodeIfPresent(Int.self, forKey: .frames)
            video = VideoSampling(
                sampler: try Self.sampler(fields, .video), width: try fields.decode(Int.self, forKey: .width),
                height: try fields.decode(Int.self, forKey: .height),
                length: try frames.map { VideoLength(frames: $0, fps: try fields.decode(Double.self, forKey: .fps)) })
        }
    }

    /// Writes the settings that count for the task, under the job file's keys.
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(steps, forKey: .steps)
        try fields.encode(eta, forKey: .eta)
        try fields.encode(karrasSigmas, forKey: .karrasSigmas)
        try fields.encode(maxDuration, forKey: .maxDuration)
        if let coupled {
            try fields.encode(coupled, forKey: .coupled)
            return
        }
        try fields.encodeIfPresent(audio?.duration, forKey: .duration)
        try fields.encodeIfPresent(video?.width, forKey: .width)
        try fields.encodeIfPresent(video?.height, forKey: .height)
        try fields.encodeIfPresent(video?.length?.frames, forKey: .frames)
        try fields.encodeIfPresent(video?.length?.fps, forKey: .fps)
        try encode(\.cfgScale, .cfgScale, &fields)
        try encode(\.scheduler, .scheduler, &fields)
        try encode(\.betaNameOrModel, .betaSchedule, &fields)
        try encode(\.spacingNameOrModel, .timestepSpacing, &fields)
    }

    /// One setting of all modalities: `{audio: …, video: …}`.
    private func encode<Value: Encodable>(
        _ setting: (SamplerSettings) -> Value, _ key: CodingKeys, _ fields: inout KeyedEncodingContainer<CodingKeys>
    ) throws {
        var values = fields.nestedContainer(keyedBy: ModalityKey.self, forKey: key)
        if let audio { try values.encode(setting(audio.sampler), forKey: .audio) }
        if let video { try values.encode(setting(video.sampler), forKey: .video) }
    }

    private static func sampler(
        _ fields: KeyedDecodingContainer<CodingKeys>, _ modality: ModalityKey
    ) throws -> SamplerSettings {
        func value<Value: Decodable>(_ type: Value.Type, _ key: CodingKeys) throws -> Value {
            try fields.nestedContainer(keyedBy: ModalityKey.self, forKey: key).decode(type, forKey: modality)
        }
        return SamplerSettings(
            cfgScale: try value(Double.self, .cfgScale), scheduler: try value(SchedulerName.self, .scheduler),
            betaSchedule: try value(ModelOr<BetaSchedule>.self, .betaSchedule).value,
            timestepSpacing: try value(ModelOr<TimestepSpacing>.self, .timestepSpacing).value)
    }
}

/// A setting that a model's own configuration decides where the job says `model`.
private struct ModelOr<Value: RawRepresentable<String>>: Codable {
    let value: Value?

    init(_ value: Value?) { self.value = value }

    init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        let name = try single.decode(String.self)
        value = Value(rawValue: name)
        guard value != nil || name == SamplerSettings.model else {
            throw DecodingError.dataCorruptedError(in: single, debugDescription: "`\(name)` is not a known value")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        try single.encode(value?.rawValue ?? SamplerSettings.model)
    }
}

extension SamplerSettings {
    /// The word of a job file for what the model's own configuration decides.
    package static let model = "model"

    fileprivate var betaNameOrModel: ModelOr<BetaSchedule> { ModelOr(betaSchedule) }
    fileprivate var spacingNameOrModel: ModelOr<TimestepSpacing> { ModelOr(timestepSpacing) }
}

extension OutputDuration: Codable {
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
