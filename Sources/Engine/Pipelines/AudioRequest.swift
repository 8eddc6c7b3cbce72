/// One sound to make.
package struct AudioRequest: Sendable {
    /// What steers the sound.
    package enum Vision: Sendable {
        /// Clips of frames, all of one size: what the binder sees of a video.
        case clips([[Picture]])
        /// One picture.
        case picture(Picture)
    }

    /// nil: the denoiser gets an empty prompt and the loss has no text term.
    package let caption: String?
    package let negativePrompt: String
    package let vision: Vision
    /// Of the sample's own generator.
    package let seed: UInt64

    package init(caption: String?, negativePrompt: String, vision: Vision, seed: UInt64) {
        self.caption = caption
        self.negativePrompt = negativePrompt
        self.vision = vision
        self.seed = seed
    }
}

/// What all samples of a call share.
package struct AudioSettings: Sendable, Equatable {
    /// Of the sound; one latent shape for the whole call.
    package var seconds: Double
    package var steps: Int
    /// Of classifier-free guidance; 1 turns it off.
    package var scale: Double
    /// DDIM's η.
    package var eta: Double
    /// nil: vanilla.
    package var guidance: GuidanceOptions?
    /// Whether captions enter the loss.
    package var textTerm: Bool
    /// Clips that the binder hears.
    package var clips: Int
    package var clipSettings: BinderClipSettings

    package init(
        seconds: Double, steps: Int = 30, scale: Double = 2.5, eta: Double = 0, guidance: GuidanceOptions?,
        textTerm: Bool = true, clips: Int, clipSettings: BinderClipSettings = BinderClipSettings()
    ) {
        self.seconds = seconds
        self.steps = steps
        self.scale = scale
        self.eta = eta
        self.guidance = guidance
        self.textTerm = textTerm
        self.clips = clips
        self.clipSettings = clipSettings
    }
}

/// One sound that was made.
package struct AudioResult: Sendable {
    /// Mono, 16 kHz, −1…1; values may lie a little outside where the vocoder overshoots.
    package let waveform: [Float]
    /// The final latent, half precision, row-major.
    package let latent: [UInt8]
    /// `[channels, frames, bins]`.
    package let latentShape: [Int]
    /// The loss of every update, in order.
    package let losses: [Double]
    /// Whether every value of waveform and latent is finite.
    package let isFinite: Bool
}
