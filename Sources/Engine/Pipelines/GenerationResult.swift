package import ClipSampling

/// One sample that was made.
package struct GenerationResult: Sendable {
    /// A final latent, half precision, row-major.
    package struct Latent: Sendable {
        package let bytes: [UInt8]
        package let shape: [Int]
    }

    package struct Audio: Sendable {
        /// Mono, 16 kHz, −1…1; values may lie a little outside where the vocoder overshoots.
        package let waveform: [Float]
        /// `[channels, frames, bins]`.
        package let latent: Latent

        /// The largest magnitude of the waveform.
        package var peak: Float { waveform.reduce(0) { max($0, abs($1)) } }
    }

    /// A video, or an image.
    package struct Video: Sendable {
        /// One for an image.
        package let frames: [Image]
        /// `[channels, frames, h, w]`, of an image `[channels, h, w]`.
        package let latent: Latent
    }

    /// The label that stood in for a missing caption.
    package struct Label: Sendable, Equatable {
        package let text: String
        /// Of its embedding with that of the condition, −1…1.
        package let cosine: Double
    }

    package let label: Label?
    package let audio: Audio?
    package let video: Video?
    /// The loss of every update, in order.
    package let losses: [Double]
    /// Whether every value of waveform, frames and latents is finite.
    package let isFinite: Bool
}
