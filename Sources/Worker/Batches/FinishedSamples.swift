internal import ClipSampling
internal import Engine
internal import Media
internal import Planning

/// The finished samples of a row: those that may be shipped, the better first, and those that nobody wants in a dataset.
struct FinishedSamples {
    /// At least one.
    let fit: [GenerationResult]
    let unfit: [(result: GenerationResult, failure: SampleFailure)]
    /// What the shard gets, the better first.
    let kept: ArraySlice<GenerationResult>

    /// - Parameter kept: how many the shard gets, at most; at least 1.
    /// - Throws: where none is fit, why the best is not.
    init(_ result: GenerationResult, _ job: Job, kept: Int) throws(SampleFailure) {
        var fit: [GenerationResult] = []
        var unfit: [(result: GenerationResult, failure: SampleFailure)] = []
        for one in [result] + result.others {
            if let failure = Self.failure(of: one, job) { unfit.append((one, failure)) } else { fit.append(one) }
        }
        if fit.isEmpty, let first = unfit.first { throw first.failure.ofBest(of: unfit.count) }
        (self.fit, self.unfit, self.kept) = (fit, unfit, fit.prefix(kept))
    }

    var best: GenerationResult { fit[0] }

    /// Whether there was nothing to choose from at the end.
    var isAlone: Bool { fit.count + unfit.count == 1 }

    private static func failure(of result: GenerationResult, _ job: Job) -> SampleFailure? {
        guard result.isFinite else { return .notFinite }
        if job.silence == .fail, let audio = result.audio, audio.peak < AudioWindow.silence {
            return .silent(peak: audio.peak)
        }
        if job.blank == .fail, let video = result.video, video.frames.allSatisfy(\.isBlank) { return .blank }
        return nil
    }
}

extension SampleFailure {
    /// The same where none of several finished samples is fit.
    fileprivate func ofBest(of count: Int) -> SampleFailure {
        guard count > 1 else { return self }
        return SampleFailure(
            kind: kind, message: "none of \(count) finished samples is fit; of the best by score: \(message)")
    }
}
