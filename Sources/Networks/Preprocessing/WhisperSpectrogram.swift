internal import MelScale
package import Torch

/// Sound as Whisper hears it: the logarithm of a mel spectrogram of a fixed length.
///
/// Source: transformers `WhisperFeatureExtractor`; `preprocessor_config.json` has the numbers.
package struct WhisperSpectrogram: Sendable {
    private let settings: Settings
    private let spectrum: CentredSpectrum
    private let triangles: Tensor

    /// `preprocessor_config.json`.
    package struct Settings: Decodable, Sendable {
        let bins: Int
        /// In Hz.
        package let rate: Int
        /// What is heard, in seconds: the rest is left out, and what is missing is silence.
        package let seconds: Int
        let window: Int
        let hop: Int

        private enum CodingKeys: String, CodingKey {
            case bins = "feature_size"
            case rate = "sampling_rate"
            case seconds = "chunk_length"
            case window = "n_fft"
            case hop = "hop_length"
            case padding = "padding_value"
            case dither
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            func number(_ key: CodingKeys, _ usual: Int, _ range: ClosedRange<Int>) throws -> Int {
                let value = try container.decodeIfPresent(Int.self, forKey: key) ?? usual
                guard range.contains(value) else {
                    throw ConfigurationError(
                        "the feature extractor", key.rawValue, found: "\(value)",
                        expected: "a number from \(range.lowerBound) to \(range.upperBound)")
                }
                return value
            }
            bins = try number(.bins, 80, 1...1024)
            rate = try number(.rate, 16_000, 16_000...16_000)
            seconds = try number(.seconds, 30, 1...60)
            window = try number(.window, 400, 2...4096)
            hop = try number(.hop, 160, 1...4096)
            for key in [CodingKeys.padding, .dither] {
                let value = try container.decodeIfPresent(Double.self, forKey: key) ?? 0
                guard value == 0 else {
                    throw ConfigurationError(
                        "the feature extractor", key.rawValue, found: "\(value)", expected: "0")
                }
            }
        }

        /// Frames of the spectrogram.
        package var frames: Int { seconds * rate / hop }
    }

    package init(_ settings: Settings) throws(TorchError) {
        self.settings = settings
        spectrum = try CentredSpectrum(
            length: settings.window, hop: settings.hop, window: HannWindow.periodic(settings.window))
        triangles = try Tensor(
            SlaneyMel.triangles(bins: settings.bins, sampleRate: settings.rate, windowLength: settings.window),
            shape: [settings.window / 2 + 1, settings.bins])
    }

    /// - Parameter samples: at 16 kHz, −1 … 1.
    /// - Returns: `[1, bins, frames]`, in single precision.
    package func callAsFunction(_ samples: [Float]) throws(TorchError) -> Tensor {
        let length = settings.seconds * settings.rate
        var whole = samples.prefix(length).map(Double.init)
        whole += Array(repeating: 0, count: length - whole.count)
        // The frame whose middle is the end of the sound is left out.
        let mel = try spectrum(whole).narrow(0, from: 0, count: settings.frames).matmul(triangles)
        let powers = try mel.clamped(1e-10).log() * (1 / 2.302585092994046)
        let floor = try powers.reshape([-1]).maximum(0).item() - 8
        let scaled = try (powers.clamped(floor) + 4) * 0.25
        return try scaled.to(.float32).transpose(0, 1).contiguous().unsqueeze(0)
    }
}
