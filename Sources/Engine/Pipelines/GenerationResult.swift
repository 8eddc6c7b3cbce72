/// One sample that was made.
package struct GenerationResult: Sendable {
    /// A final latent, half precision, row-major.
    package struct Latent: Sendable {
        package let bytes: [UInt8]
        package let shape: [Int]
    }

    package struct Sound: Sendable {
        /// Mono, 16 kHz, −1…1; values may lie a little outside where the vocoder overshoots.
        package let waveform: [Float]
        /// `[channels, frames, bins]`.
        package let latent: Latent
    }

    package struct Pictures: Sendable {
        /// One for a still.
        package let frames: [Picture]
        /// `[channels, frames, h, w]`, of a still `[channels, h, w]`.
        package let latent: Latent
    }

    /// The label that stood in for a missing caption.
    package struct Label: Sendable, Equatable {
        package let text: String
        /// Of its embedding with that of the condition, −1…1.
        package let cosine: Double
    }

    package let label: Label?
    package let sound: Sound?
    package let pictures: Pictures?
    /// The loss of every update, in order.
    package let losses: [Double]
    /// Whether every value of waveform, pictures and latents is finite.
    package let isFinite: Bool
}
