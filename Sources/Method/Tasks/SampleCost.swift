/// The work of a sample, in units of one plain sampling step on one second of audio (0.19 s where it was measured).
///
/// Only ratios matter: assignment starts with the longest.
package enum SampleCost {
    /// AudioLDM's work on a second of audio.
    private enum Audio {
        static let step = 1.0
        /// An inner step of the aligner decodes, embeds and goes backward.
        static let innerStep = 12.0
        /// The last decoding.
        static let decode = 4.0
    }

    /// Stable Diffusion's work on a frame of 256×256 pixels; it grows with the pixels.
    private enum Frame {
        /// One evaluation of the denoiser under classifier-free guidance.
        static let step = 12.0
        /// One inner step of the aligner, for each frame that the loss reads.
        static let innerStep = 46.0
        static let decode = 12.0
    }

    /// The work of one sample.
    package static func of(_ extent: SampleExtent, _ settings: TaskSettings, clips: ClipSettings) -> Double {
        let steps = Double(settings.sampling.steps)
        let innerSteps = Double(settings.guidance.innerSteps(timesteps: nominalTimesteps(settings.sampling.steps)))
        var cost = 0.0
        if settings.sampling.audio != nil {
            cost += max(extent.duration, 0.1) * (Audio.step * steps + Audio.innerStep * innerSteps + Audio.decode)
        }
        if let video = settings.sampling.video {
            let size = Double(video.width * video.height) / (256 * 256)
            let frames = extent.frames ?? 1
            let seen = video.length == nil ? 1 : min(clips.clips(in: extent.duration) * clips.framesPerClip, frames)
            cost += size * (Frame.step * steps + Frame.decode) * Double(frames)
            cost += size * Frame.innerStep * innerSteps * Double(seen)
        }
        return cost
    }

    /// Leading spacing with offset 1 over 1000 steps of training, as the published schedules have it. Others differ by a
    /// step or two, which an estimate bears.
    private static func nominalTimesteps(_ steps: Int) -> [Double] {
        TimestepSpacing.leading(steps, gap: 1000 / max(1, steps), offset: 1)
    }
}
