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

    /// How a result came to be among its beginnings.
    package struct Choice: Sendable, Equatable {
        /// The beginning that it is of; 0 is the plain pipeline's.
        package let particle: Int
        /// The binder's score of what was made, −1 … 1: with what steers it, else with its caption; of a video and its sound,
        /// with each other. nil where there is nothing to compare with.
        package let score: Double?
        /// The cuts on the way, of all beginnings.
        package let cuts: [Tournament.Cut]

        package init(particle: Int, score: Double?, cuts: [Tournament.Cut]) {
            self.particle = particle
            self.score = score
            self.cuts = cuts
        }
    }

    package internal(set) var audio: Audio?
    package internal(set) var video: Video?
    /// The loss of every update, in order.
    package internal(set) var losses: [Double]
    /// Whether every value of waveform, frames and latents is finite.
    package internal(set) var isFinite: Bool
    package internal(set) var choice: Choice
    /// Of the video, where it was made before its sound.
    package internal(set) var videoChoice: Choice?
    /// What replaced the caption because it says more.
    package internal(set) var definiteCaption: String?
    /// How well the caption fits, 0 … 1; nil where that was not asked for.
    package internal(set) var trust: Double?
    /// The captions that made the prompt, the weightiest first; none where the sample's own did alone.
    package internal(set) var words: [FoundWords.Word]
    /// The other finished samples of the same request, the better first, whichever of them are to be kept: the best may not
    /// be fit for it.
    package internal(set) var others: [GenerationResult] = []

    package init(
        audio: Audio? = nil, video: Video? = nil, losses: [Double] = [], isFinite: Bool = true,
        choice: Choice = Choice(particle: 0, score: nil, cuts: []), trust: Double? = nil,
        words: [FoundWords.Word] = []
    ) {
        self.audio = audio
        self.video = video
        self.losses = losses
        self.isFinite = isFinite
        self.choice = choice
        self.trust = trust
        self.words = words
    }
}
