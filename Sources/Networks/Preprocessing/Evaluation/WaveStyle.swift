package import Method

extension WaveStyle {
    /// Seconds up to which the first style adds zeros.
    private static let padding = 2
    /// What the second style needs, in hundredths of a second: a patch of VGGish.
    private static let leastHundredths = 96

    /// One channel at a rate, in single precision.
    ///
    /// - Throws: ``FeatureInputError`` where there is nothing to hear: no sample, one that is no number, too few of them, a rate
    ///   that is none.
    package func prepared(_ sound: Waveform, rate: Int) throws(FeatureInputError) -> [Float] {
        var wave = try sound.checked().channels[0]
        if case .avBenchmark = self, sound.channels.count > 1 {
            let share = 1 / Double(sound.channels.count)
            wave = wave.indices.map { place in Float(sound.channels.reduce(0) { $0 + Double($1[place]) } * share) }
        }
        let mean = wave.reduce(0) { $0 + Double($1) } / Double(wave.count)
        wave = SincResampler.resampled(wave.map { Float(Double($0) - mean) }, from: sound.rate, to: rate)
        switch self {
        case .audioldmEval:
            let missing = Self.padding * rate - wave.count
            return missing > 0 ? wave + [Float](repeating: 0, count: missing) : wave
        case .avBenchmark(let seconds):
            let wanted = Double(rate) * seconds
            if wanted < Double(wave.count) { wave = Array(wave.prefix(max(0, Int(wanted)))) }
            let least = (rate * Self.leastHundredths + 99) / 100
            guard wave.count >= least else { throw .tooShort(samples: wave.count, needed: least, rate: rate) }
            return wave
        }
    }
}
