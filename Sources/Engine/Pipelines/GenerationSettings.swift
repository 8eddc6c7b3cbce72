internal import ClipSampling
package import Method

/// What all samples of a call share.
package struct GenerationSettings: Sendable, Equatable {
    /// How latents are denoised. What it has a part for is generated: audio, frames, or both in lock step.
    package var sampling: SamplingSettings
    /// What moves them on the way.
    package var guidance: Guidance
    /// How the binder reads what is generated and what steers it.
    package var clips: ClipSettings
    package var memory: MemoryPolicy
    /// How long the samples are.
    package var extent: SampleExtent

    package init(
        sampling: SamplingSettings, guidance: Guidance, clips: ClipSettings, memory: MemoryPolicy, extent: SampleExtent
    ) {
        self.sampling = sampling
        self.guidance = guidance
        self.clips = clips
        self.memory = memory
        self.extent = extent
    }

    /// Whether captions enter a loss.
    var usesCaptions: Bool {
        switch guidance.gradient {
        case .off: false
        case .aligner(let aligner): aligner.textTerm
        case .noise(let noise): noise.textTerm != .off
        }
    }

    private var timeline: Timeline? { sampling.timeline(of: extent) }

    /// Seconds of the samples: of a video exactly its frames over their rate.
    private var duration: Double { timeline?.duration ?? extent.duration }

    /// Clips that the binder reads of a sample.
    var clipCount: Int { clips.clips(in: duration) }

    /// Seconds that the latent of audio covers: a video's may not end before it, so that hundredths, the frames of a
    /// spectrogram, are rounded up.
    var audioDuration: Double { timeline == nil ? duration : (duration * 100).rounded(.up) / 100 }

    /// Samples of the audio, at 16 kHz.
    var audioSamples: Int {
        let rate = GenerationPipeline.samplingRate
        return timeline?.samples(rate: rate) ?? Int(duration * Double(rate))
    }

    /// The frames of each clip that the binder sees of a video; nil for an image.
    var clipFrames: [[Int]]? {
        if let coupled = sampling.coupled, coupled.binderFrames == .all {
            return stride(from: 0, to: coupled.model.frames - 1, by: 2).map { [$0, $0 + 1] }
        }
        return timeline?.frames(ofClips: clipCount, clipDuration: clips.clipDuration, perClip: clips.framesPerClip)
    }
}
