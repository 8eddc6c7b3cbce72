/// The work of a sample, in units of one plain sampling step on one second of audio (0.19 s where it was measured).
///
/// Only ratios matter: assignment starts with the longest.
package enum SampleCost {
    /// AudioLDM's work on a second of audio.
    private enum Audio {
        static let step = 1.0
        /// A step of a gradient decodes, embeds and goes backward.
        static let update = 12.0
        /// The same past the vocoder.
        static let updateOfSpectrogram = 4.0
        /// Decoding and embedding alone.
        static let score = 5.0
        static let scoreOfSpectrogram = 1.5
        /// The last decoding.
        static let decode = 4.0
    }

    /// Stable Diffusion's work on a frame of 256×256 pixels; it grows with the pixels.
    private enum Frame {
        /// One evaluation of the denoiser under classifier-free guidance.
        static let step = 12.0
        /// A step of a gradient, for each frame that the loss reads.
        static let update = 46.0
        /// Decoding and embedding alone.
        static let score = 16.0
        static let decode = 12.0
    }

    /// MM-Diffusion's work on a video of 64×64 pixels and its sound; it grows with the pixels.
    private enum Coupled {
        /// One question to the network.
        static let step = 75.0
        /// A step of a gradient: two clips of each modality.
        static let update = 80.0
        static let score = 27.0
    }

    /// The work of one sample.
    package static func of(_ extent: SampleExtent, _ settings: TaskSettings, clips: ClipSettings) -> Double {
        let questions = settings.sampling.questions
        let timesteps = nominalTimesteps(questions.count)
        let guidance = settings.guidance
        if let coupled = settings.sampling.coupled {
            let work = GuidanceWork(guidance, .video, timesteps: timesteps, questions: questions)
            let size = Double(coupled.model.side * coupled.model.side * coupled.model.frames) / (64 * 64 * 16)
            let pairs = coupled.binderFrames == .all ? Double(coupled.model.frames) / 4 : 1
            return size * Coupled.step * Double(work.denoised)
                + pairs * (Coupled.update * Double(work.updated) + Coupled.score * Double(work.scored + work.finished))
        }
        let inTurn = settings.sampling.video != nil && guidance.joint.order == .inTurn
        var cost = 0.0
        if settings.sampling.audio != nil {
            let work = GuidanceWork(guidance, .audio, timesteps: timesteps)
            let isEarly = guidance.hearing == .spectrogram
            let update = isEarly ? Audio.updateOfSpectrogram : Audio.update
            let score = isEarly ? Audio.scoreOfSpectrogram : Audio.score
            cost +=
                max(extent.duration, 0.1)
                * (Audio.step * Double(work.denoised) + update * Double(work.updated) + score * Double(work.scored)
                    + Audio.decode * Double(work.finished))
        }
        if let video = settings.sampling.video {
            let isFirst = inTurn && settings.sampling.audio != nil
            let work = GuidanceWork(guidance, .video, timesteps: timesteps, isFirst: isFirst)
            let size = Double(video.width * video.height) / (256 * 256)
            let frames = extent.frames ?? 1
            let seen = video.length == nil ? 1 : min(clips.clips(in: extent.duration) * clips.framesPerClip, frames)
            cost += size * (Frame.step * Double(work.denoised) + Frame.decode * Double(work.finished)) * Double(frames)
            cost += size * (Frame.update * Double(work.updated) + Frame.score * Double(work.scored)) * Double(seen)
        }
        return cost
    }

    /// Leading spacing with offset 1 over 1000 steps of training, as the published schedules have it. Others differ by a
    /// step or two, which an estimate bears.
    package static func nominalTimesteps(_ steps: Int) -> [Double] {
        TimestepSpacing.leading(steps, gap: 1000 / max(1, steps), offset: 1)
    }
}
