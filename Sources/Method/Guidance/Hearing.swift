/// How the binder hears a predicted sound.
package enum Hearing: String, Codable, Sendable, CaseIterable {
    /// Its filterbank is computed from the decoder's spectrogram: quicker, and the gradient is better for it.
    case spectrogram
    /// Its filterbank is computed from the vocoder's waveform, as it hears the finished sound.
    case vocoder
}
