/// What is taken from a sample, once, so that metrics can compare it: a network's view of it, or when something happens in it.
///
/// The text form says everything that decides its values beside the checkpoint, so that features of unlike variants are never
/// taken for one another: `cnn14/av-benchmark/8`.
package enum Feature: Sendable, Hashable {
    /// Features, and of classifiers logits, of a sound.
    case sound(FeatureNetworkName, WaveStyle)
    /// Features of frames.
    case frames(I3DFraming)
    /// Onsets of the sound and how much the frames move: what AV-Align compares.
    case peaks
    /// ImageBind's embedding.
    case embedding(BindInput)

    /// Raised whenever the numbers of an unchanged feature change by more than rounding.
    package static let version = 1

    /// The model that has to be there, if any.
    package var model: EvaluationModel? {
        switch self {
        case .sound(let network, _): .network(network)
        case .frames: .network(.i3d)
        case .peaks: nil
        case .embedding: .imageBind
        }
    }

    /// What changes the rate of the sound on its way; nil where none is heard.
    package var resampler: String? {
        switch self {
        case .sound, .embedding(.audio): "torchaudio sinc: Hann, width 6, rolloff 0.99"
        case .peaks: "soxr, 20 bits"
        case .frames, .embedding(.video), .embedding(.caption): nil
        }
    }

    /// Whether a network takes it of the whole sound.
    package var isOfSound: Bool {
        switch self {
        case .sound, .embedding(.audio): true
        case .frames, .peaks, .embedding(.video), .embedding(.caption): false
        }
    }

    /// Whether a network takes it of all frames.
    package var isOfFrames: Bool {
        if case .frames = self { true } else { false }
    }

    /// Whether it looks at frames.
    package var sees: Bool {
        switch self {
        case .sound, .embedding(.audio), .embedding(.caption): false
        case .frames, .peaks, .embedding(.video): true
        }
    }

    /// Whether it listens.
    package var hears: Bool {
        switch self {
        case .frames, .embedding(.video), .embedding(.caption): false
        case .sound, .peaks, .embedding(.audio): true
        }
    }

    /// Bytes of its values in a shard, for a sample of ten seconds, rounded up generously.
    package var expectedBytes: Int64 {
        switch self {
        // Ten rows of 128 values.
        case .sound(.vggish, _): 8_000
        // 2048 values, and 527 logits.
        case .sound(.cnn14, _): 14_000
        case .sound, .frames: 8_000
        case .peaks: 16_000
        case .embedding: 6_000
        }
    }

    /// Where its values stand in a sample of the features' shards: a member's name without `.npy` or `.json`.
    package var member: String {
        switch self {
        case .sound(let network, .audioldmEval): "\(network.rawValue)-a"
        case .sound(let network, .avBenchmark): "\(network.rawValue)-b"
        case .frames(.lvdm): "i3d-lvdm"
        case .frames(.mmDiffusion): "i3d-mm"
        case .frames(.javis): "i3d-javis"
        case .peaks: "peaks"
        case .embedding(.video(.loop)): "ib-video-loop"
        case .embedding(.video(.imagebind)): "ib-video"
        case .embedding(.video(.avBenchmark)): "ib-video-b"
        case .embedding(.audio(.loop)): "ib-audio-loop"
        case .embedding(.audio(.imagebind)): "ib-audio"
        case .embedding(.caption): "ib-caption"
        }
    }
}

extension Feature: CustomStringConvertible, LosslessStringConvertible {
    package var description: String {
        switch self {
        case .sound(let network, .audioldmEval): "\(network.rawValue)/audioldm_eval"
        case .sound(let network, .avBenchmark(let seconds)): "\(network.rawValue)/av-benchmark/\(seconds)"
        case .frames(let framing): "i3d/\(framing.rawValue)"
        case .peaks: "peaks"
        case .embedding(.video(.loop)): "imagebind/video/loop"
        case .embedding(.video(.imagebind)): "imagebind/video/imagebind"
        case .embedding(.video(.avBenchmark(let seconds))): "imagebind/video/av-benchmark/\(seconds)"
        case .embedding(.audio(let view)): "imagebind/audio/\(view.rawValue)"
        case .embedding(.caption): "imagebind/caption"
        }
    }

    /// Reads ``description``; nil for anything else.
    package init?(_ text: String) {
        let words = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch (words.first, words.count) {
        case ("peaks", 1): self = .peaks
        case ("imagebind", 2...4):
            guard let input = BindInput(words.dropFirst()) else { return nil }
            self = .embedding(input)
        case ("i3d", 2):
            guard let framing = I3DFraming(rawValue: words[1]) else { return nil }
            self = .frames(framing)
        case (let name?, 2...3):
            guard let network = FeatureNetworkName(rawValue: name), network.hears,
                let style = WaveStyle(words.dropFirst())
            else { return nil }
            self = .sound(network, style)
        default: return nil
        }
    }
}

extension Feature: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let feature = Feature(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "`\(text)` is no feature"))
        }
        self = feature
    }

    package func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        try single.encode(description)
    }
}

extension BindInput {
    fileprivate init?(_ words: ArraySlice<String>) {
        switch Array(words) {
        case ["caption"]: self = .caption
        case ["audio", "loop"]: self = .audio(.loop)
        case ["audio", "imagebind"]: self = .audio(.imagebind)
        case ["video", "loop"]: self = .video(.loop)
        case ["video", "imagebind"]: self = .video(.imagebind)
        default:
            guard words.first == "video", case .avBenchmark(let seconds) = WaveStyle(words.dropFirst()) else {
                return nil
            }
            self = .video(.avBenchmark(seconds: seconds))
        }
    }
}

extension WaveStyle {
    fileprivate init?(_ words: ArraySlice<String>) {
        switch (words.first, words.count) {
        case ("audioldm_eval", 1): self = .audioldmEval
        case ("av-benchmark", 2):
            guard let seconds = words.last.flatMap(Double.init), seconds > 0, seconds <= 3600 else { return nil }
            self = .avBenchmark(seconds: seconds)
        default: return nil
        }
    }
}
