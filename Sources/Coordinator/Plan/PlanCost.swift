extension Plan {
    /// The work of a sample, in units of one plain sampling step on one second of sound (0.19 s where it was measured).
    ///
    /// Only ratios matter: assignment starts with the longest.
    static func cost(of sample: PlannedSample, job: Job) -> Double {
        guard sample.error == nil else { return 0.01 }
        let settings = job.settings(for: sample.task)
        let steps = Double(settings.sampling.steps)
        var innerSteps = 0.0
        if case .aligner(let aligner) = settings.guidance {
            innerSteps = Double(settings.guidance.guidedSteps(of: settings.sampling.steps) * aligner.innerSteps)
        }
        var cost = 0.0
        if sample.task.makesAudio {
            // An inner step decodes, embeds and goes backward; the last decoding is about four steps.
            cost += max(sample.durationSeconds, 0.1) * (steps + 12 * innerSteps + 4)
        }
        if sample.task.makesPictures {
            let size = Double(settings.sampling.width * settings.sampling.height) / (256 * 256)
            let frames = sample.frames ?? 1
            let seen =
                sample.task.makesVideo
                ? min(job.binder.clips(in: sample.durationSeconds) * job.binder.framesPerClip, frames) : 1
            cost += size * (PictureCost.step * steps + PictureCost.decode) * Double(frames)
            cost += size * PictureCost.innerStep * innerSteps * Double(seen)
        }
        return cost
    }

    /// Work on a picture of 256×256 pixels; it grows with the pixels.
    private enum PictureCost {
        /// One evaluation of the denoiser under classifier-free guidance.
        static let step = 12.0
        /// One inner step of the aligner, for each picture that the loss reads.
        static let innerStep = 46.0
        /// The last decoding.
        static let decode = 12.0
    }
}
