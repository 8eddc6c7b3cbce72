/// What all samples of a call share. What is generated is what has settings: sound, pictures, or both in lock step.
package struct GenerationSettings: Sendable, Equatable {
    /// The generated sound.
    package struct Sound: Sendable, Equatable {
        /// Of the latent: the sound covers at least this.
        package var seconds: Double
        /// Samples of the result at most, at 16 kHz.
        package var samples: Int
        /// Clips that the binder hears.
        package var clips: Int
        /// Of classifier-free guidance; 1 turns it off.
        package var scale: Double
        package var scheduler: SchedulerChoice

        package init(
            seconds: Double, samples: Int, clips: Int, scale: Double = 2.5, scheduler: SchedulerChoice = .init()
        ) {
            self.seconds = seconds
            self.samples = samples
            self.clips = clips
            self.scale = scale
            self.scheduler = scheduler
        }
    }

    /// The generated pictures.
    package struct Pictures: Sendable, Equatable {
        /// Multiples of 8.
        package var width: Int
        package var height: Int
        /// Frames of a video; nil for stills.
        package var frames: Int?
        /// The frames of each clip that the binder sees; empty for stills.
        package var clips: [[Int]]
        /// Of classifier-free guidance; 1 turns it off.
        package var scale: Double
        package var scheduler: SchedulerChoice

        package init(
            width: Int, height: Int, frames: Int?, clips: [[Int]] = [], scale: Double = 7.5,
            scheduler: SchedulerChoice = .init()
        ) {
            self.width = width
            self.height = height
            self.frames = frames
            self.clips = clips
            self.scale = scale
            self.scheduler = scheduler
        }
    }

    package var sound: Sound?
    package var pictures: Pictures?
    package var steps: Int
    /// DDIM's η.
    package var eta: Double
    /// nil: vanilla.
    package var guidance: GuidanceOptions?
    /// Whether captions enter the loss.
    package var textTerm: Bool
    package var clipSettings: BinderClipSettings
    package var memory: MemoryPolicy

    package init(
        sound: Sound? = nil, pictures: Pictures? = nil, steps: Int, eta: Double = 0, guidance: GuidanceOptions?,
        textTerm: Bool = true, clipSettings: BinderClipSettings = BinderClipSettings(), memory: MemoryPolicy = .auto
    ) {
        self.sound = sound
        self.pictures = pictures
        self.steps = steps
        self.eta = eta
        self.guidance = guidance
        self.textTerm = textTerm
        self.clipSettings = clipSettings
        self.memory = memory
    }
}
