/// How the binder hears a predicted sound.
package enum Hearing: String, Codable, Sendable, CaseIterable {
    /// Its filterbank is computed from the decoder's spectrogram, past the vocoder.
    case spectrogram
    /// Its filterbank is computed from the vocoder's waveform, as it hears the finished sound.
    case vocoder
}
