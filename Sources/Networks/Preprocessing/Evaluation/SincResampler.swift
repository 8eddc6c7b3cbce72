internal import Foundation

/// Resampling by a sinc under a squared Hann window, in double precision.
///
/// Source: torchaudio `functional.resample` with its defaults (`sinc_interp_hann`, width 6, rolloff 0.99), whose own kernel in single
/// precision is up to 1.7e-5 off this one.
package enum SincResampler {
    /// The rates that are read. Beyond, the kernel of rates without a common divisor has no bounds.
    package static let rates = 1...768_000

    /// Zero crossings of the sinc on either side.
    private static let width = 6.0
    private static let rolloff = 0.99

    /// - Parameters:
    ///   - rate: of the samples, within ``rates``; likewise the target.
    /// - Returns: ⌈samples · target / rate⌉ samples.
    package static func resampled(_ samples: [Float], from rate: Int, to target: Int) -> [Float] {
        guard rate != target, !samples.isEmpty else { return samples }
        let divisor = greatestCommonDivisor(rate, target)
        let (step, phases) = (rate / divisor, target / divisor)
        let count = (phases * samples.count + step - 1) / step
        let kernels = (0..<min(phases, count)).map { Kernel(phase: $0, of: phases, step: step) }
        return samples.withUnsafeBufferPointer { samples in
            (0..<count).map { place in
                let kernel = kernels[place % phases]
                let begin = place / phases * step + kernel.first
                // Beyond the ends there is silence.
                var tap = max(0, -begin)
                let end = min(kernel.weights.count, samples.count - begin)
                return kernel.weights.withUnsafeBufferPointer { weights in
                    var sum = 0.0
                    while tap < end {
                        sum += weights[tap] * Double(samples[begin + tap])
                        tap += 1
                    }
                    return Float(sum)
                }
            }
        }
    }

    /// What one of the target's phases hears of its neighbours.
    private struct Kernel {
        /// The first sample, counted from the one that the phases begin at.
        let first: Int
        let weights: [Double]

        init(phase: Int, of phases: Int, step: Int) {
            let base = Double(min(step, phases)) * SincResampler.rolloff
            let center = Double(phase) * Double(step) / Double(phases)
            let reach = SincResampler.width * Double(step) / base
            let first = Int((center - reach).rounded(.up))
            self.first = first
            weights = (first...Int((center + reach).rounded(.down))).map { place in
                let time = (-Double(phase) / Double(phases) + Double(place) / Double(step)) * base
                let within = max(-SincResampler.width, min(SincResampler.width, time))
                let window = Foundation.cos(within * .pi / SincResampler.width / 2)
                let angle = within * .pi
                return (angle == 0 ? 1 : Foundation.sin(angle) / angle) * window * window * (base / Double(step))
            }
        }
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}
