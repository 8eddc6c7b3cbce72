/// Why a sample has no features. It costs the sample, and nothing else.
package enum FeatureInputError: Error, Sendable, Equatable, CustomStringConvertible {
    case noSound
    case nothingSeen
    case noCaption
    case filmTooShort(seconds: Double, needed: Double)
    case noSamples
    case rate(found: Int)
    case notFinite(channel: Int, sample: Int, found: Float)
    case tooShort(samples: Int, needed: Int, rate: Int)
    case tooFewFrames(found: Int, needed: Int)
    case frameSize(frame: Int, found: (width: Int, height: Int), first: (width: Int, height: Int))
    case tooNarrow(width: Int, height: Int, limit: Int)
    case notFiniteFeatures

    package var description: String {
        switch self {
        case .noSound: "there is no sound"
        case .nothingSeen: "there is no film and no picture"
        case .noCaption: "nobody says what it shows"
        case .filmTooShort(let seconds, let needed):
            "the film is \(seconds) s long, and \(needed) s are looked at"
        case .noSamples: "the sound has no samples, or channels of different lengths"
        case .rate(let found):
            "the sound has \(found) samples per second, and rates from \(SincResampler.rates.lowerBound) to \(SincResampler.rates.upperBound) are read"
        case .notFinite(let channel, let sample, let found):
            "sample \(sample) of channel \(channel) is \(found), which is no number to compute with"
        case .tooShort(let samples, let needed, let rate):
            "the sound is too short: \(samples) samples at \(rate) Hz (\(Self.seconds(samples, rate)) s), and at least \(needed) (\(Self.seconds(needed, rate)) s) are needed"
        case .tooFewFrames(let found, let needed):
            "there \(found == 1 ? "is 1 frame" : "are \(found) frames"), and at least \(needed) are needed"
        case .frameSize(let frame, let found, let first):
            "frame \(frame) is \(found.width)×\(found.height) pixels, and the first is \(first.width)×\(first.height)"
        case .tooNarrow(let width, let height, let limit):
            "the frames are \(width)×\(height) pixels; one side may be \(limit) times as long as the other at most"
        case .notFiniteFeatures:
            "the network's features are not finite: its weights are damaged, or not meant for this precision"
        }
    }

    private static func seconds(_ samples: Int, _ rate: Int) -> String {
        let thousandths = (samples * 1000 + rate / 2) / rate
        let fraction = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    // By what they say: sizes in pairs have no equality of their own, and a sample that is NaN equals none.
    package static func == (a: Self, b: Self) -> Bool { a.description == b.description }
}
