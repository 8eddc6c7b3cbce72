/// A program of the field that computes metrics from folders of files.
package enum OtherEvaluator: String, Sendable, CaseIterable {
    case audioldmEval = "audioldm_eval"
    case avBenchmark = "av-benchmark"
    case javisBench = "javisbench"
    /// None in particular: the samples as files of their names.
    case files
}

/// The folders that an evaluator reads, by their names in the export's; empty: the export's own.
struct EvaluatorLayout {
    /// Where the generated sounds are.
    let sounds: String
    /// Where the reference's are; nil where none of ours is read.
    var reference: String?
    /// Where the videos are; nil for one that only hears.
    var films: String?
    /// Whether a sample without a video is of no use.
    var needsFilm = false
    /// With fewer samples it does not start.
    var fewest = 1
    /// Where it keeps what it computed, which it takes for that of whatever lies there the next time.
    let caches: [String]
}

extension OtherEvaluator {
    /// Source: `EvaluationHelper` and `FrechetAudioDistance.score` of audioldm_eval, `evaluate.py` of av-benchmark,
    /// `gather_audio_video_pred` of JavisBench.
    var layout: EvaluatorLayout {
        switch self {
        case .audioldmEval:
            let sides = ["generated", "reference"]
            return EvaluatorLayout(
                sounds: sides[0], reference: sides[1], fewest: 2,
                caches: sides.flatMap { ["\($0)classifier_logits_feature_cache.pkl", "\($0)_fad_feature_cache.npy"] })
        case .avBenchmark:
            return EvaluatorLayout(
                sounds: "audio", reference: "reference", films: "video",
                caches: ["audio/cache", "reference/cache", "cache"])
        case .javisBench:
            return EvaluatorLayout(sounds: "", films: "", needsFilm: true, caches: [])
        case .files:
            return EvaluatorLayout(
                sounds: "generated", reference: "reference", films: "generated", caches: [])
        }
    }
}
