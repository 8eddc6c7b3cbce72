/// How an evaluator prepares a sound before its networks hear it.
package enum WaveStyle: Sendable, Hashable {
    /// Channel 0, minus its mean, resampled, zeros up to 2 s, the whole length.
    ///
    /// Source: audioldm_eval `datasets/load_mel.py`.
    case audioldmEval
    /// The mean of the channels, minus its mean, resampled, cut to ⌊rate · seconds⌋ samples and never made longer.
    ///
    /// Source: av-benchmark `av_bench/data/audio_dataset.py`.
    case avBenchmark(seconds: Double)
}
