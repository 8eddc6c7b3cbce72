package import ClipSampling

/// How the latents of a task are denoised. A part is there where the task makes its modality.
package struct SamplingSettings: Sendable, Equatable {
    /// Sampling steps.
    package var steps: Int
    /// DDIM's η; 0 is deterministic, 1 is DDPM.
    package var eta: Double
    /// Whether `dpmsolver++` and `euler` space their sigmas as Karras et al. do.
    package var karrasSigmas: Bool
    /// The longest output that `source` or a manifest row may ask for, and the longest window that is read of a file that
    /// does not set the output's length; in seconds.
    package var maxDuration: Double
    /// Nil where no audio is made.
    package var audio: AudioSampling?
    /// Nil where neither a video nor an image is made.
    package var video: VideoSampling?
    /// Nil where video and audio are not made by one model.
    package var coupled: CoupledSampling?

    package init(steps: Int, eta: Double, karrasSigmas: Bool, maxDuration: Double) {
        self.steps = steps
        self.eta = eta
        self.karrasSigmas = karrasSigmas
        self.maxDuration = maxDuration
    }

    /// Pixels of each frame that is made, width × height; 0 where none is.
    /// - Parameter isEnlarged: whether frames that one model makes with their sound are enlarged when they are finished.
    package func framePixels(isEnlarged: Bool) -> Int {
        if let side = coupled?.model.side {
            let side = isEnlarged ? CoupledSampling.enlargement * side : side
            return side * side
        }
        return (video?.width ?? 0) * (video?.height ?? 0)
    }

    /// How often each of the sampler's steps asks the network.
    package var questions: [Int] { coupled?.scheduler.orders(steps) ?? Array(repeating: 1, count: max(steps, 0)) }

    /// The settings of the diffusion models that take part.
    package var samplers: [SamplerSettings] { [audio?.sampler, video?.sampler].compactMap { $0 } }
}

/// How audio is made.
package struct AudioSampling: Sendable, Equatable {
    package var sampler: SamplerSettings
    /// The audio's length; nil where that of a generated video sets it.
    package var duration: OutputDuration?

    package init(sampler: SamplerSettings, duration: OutputDuration?) {
        self.sampler = sampler
        self.duration = duration
    }
}

/// How a video or an image is made.
package struct VideoSampling: Sendable, Equatable {
    package var sampler: SamplerSettings
    /// Columns of a frame, a multiple of 8.
    package var width: Int
    /// Rows of a frame, a multiple of 8.
    package var height: Int
    /// Nil for an image.
    package var length: VideoLength?

    package init(sampler: SamplerSettings, width: Int, height: Int, length: VideoLength? = nil) {
        self.sampler = sampler
        self.width = width
        self.height = height
        self.length = length
    }
}

/// How long a video is, and how fast.
package struct VideoLength: Sendable, Equatable {
    /// Frames of a video whose row gives no duration.
    package var frames: Int
    /// Frames per second, as written.
    package var fps: Double

    package init(frames: Int, fps: Double) {
        self.frames = frames
        self.fps = fps
    }

    /// ``fps``, exactly.
    package var rate: Fraction { Fraction(asWritten: fps) ?? 1 }
}

/// The length of audio that no generated video goes with.
package enum OutputDuration: Sendable, Equatable {
    /// This many seconds.
    case seconds(Double)
    /// The steering clip's length, rounded up to a whole second.
    case source
}
