import ClipSampling
import Foundation

/// The inputs of the evaluation's goldens, as its reference makes them.
enum EvaluationData {
    /// `count` numbers of −1…1 from a linear congruential generator.
    static func uniform(_ seed: UInt64, _ count: Int) -> [Double] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / 0x1p53 * 2 - 1
        }
    }

    /// A sound with onsets: three decaying tones and a little noise.
    static func wave(_ seed: UInt64, count: Int, rate: Int) -> [Float] {
        uniform(seed, count).enumerated().map { index, noise in
            let time = Double(index) / Double(rate)
            var sum = 0.02 * noise
            for (begin, frequency) in [(0.1, 440.0), (0.9, 1330.0), (1.6, 3100.0)] where time >= begin {
                sum += 0.4 * exp(-6 * (time - begin)) * sin(2 * Double.pi * frequency * time)
            }
            return Float(sum)
        }
    }

    /// Frames: a bright disc that jumps every fifth one, on fixed noise.
    static func film(_ seed: UInt64, frames: Int, height: Int, width: Int) -> [Image] {
        let back = uniform(seed, height * width * 3).map { (($0 + 1) * 128).rounded(.down) * 0.3 }
        var place = 0.3
        return (0..<frames).map { frame in
            place += frame % 5 == 0 ? 0.08 : 0.005
            let middle = (place.truncatingRemainder(dividingBy: 1) * Double(width), 0.5 * Double(height))
            var pixels: [UInt8] = []
            for y in 0..<height {
                for x in 0..<width {
                    let across = Double(x) - middle.0
                    let down = Double(y) - middle.1
                    let light = 180 * exp(-(across * across + down * down) / (0.03 * Double(height) * Double(width)))
                    for (channel, share) in [1, 0.8, 0.5].enumerated() {
                        let value = back[(y * width + x) * 3 + channel] + light * share
                        pixels.append(UInt8(min(max(value, 0), 255)))
                    }
                }
            }
            return Image(unchecked: pixels, width: width, height: height)
        }
    }
}
