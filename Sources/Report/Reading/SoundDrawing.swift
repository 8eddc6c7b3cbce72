internal import AVAlign
internal import ClipSampling
internal import Media

/// A sound as it is drawn: its waveform, when it begins, and a picture of its mel spectrogram.
struct SoundDrawing {
    /// Parts of the waveform.
    private static let parts = 240
    /// Columns of the picture at most.
    private static let columns = 480

    let seconds: Double
    let wave: [Int]
    let onsets: [Double]
    /// PNG.
    let mel: [UInt8]

    /// - Parameters:
    ///   - path: an audio file, or a video with sound.
    ///   - start: seconds at which it begins in the file.
    ///   - duration: seconds; nil: to the end.
    /// - Throws: `MediaError`.
    init(_ path: String, start: Double = 0, duration: Double? = nil) throws(MediaError) {
        let audio = try AudioReader.read(
            path, sampleRate: OnsetEnvelope.sampleRate, channels: 1, start: Fraction(asWritten: start) ?? 0,
            duration: duration.flatMap { Fraction(asWritten: $0) })
        let samples = audio.channels[0].map { $0.isFinite ? $0 : 0 }
        seconds = audio.duration
        wave = Self.wave(samples)
        let levels = MelLevels(samples: samples)
        onsets = OnsetEnvelope(levels).onsets.map { ($0 * 1000).rounded() / 1000 }
        mel = try ImageWriter.encode(Self.picture(levels), as: .png)
    }

    /// Lowest and highest in turn, in hundredths.
    private static func wave(_ samples: [Float]) -> [Int] {
        let count = min(parts, max(samples.count, 1))
        return (0..<count).flatMap { part in
            let piece = samples[samples.count * part / count..<samples.count * (part + 1) / count]
            return [piece.min() ?? 0, piece.max() ?? 0].map { Int((100 * min(max($0, -1), 1)).rounded()) }
        }
    }

    /// A pixel for each bin, and for each column, or for the loudest of several where there are many.
    private static func picture(_ mel: MelLevels) -> Image {
        let (width, height) = (min(columns, mel.count), MelLevels.bins)
        let loudest = mel.values.max() ?? 0
        var pixels = [UInt8](repeating: 0, count: 3 * width * height)
        for x in 0..<width {
            let range = mel.count * x / width..<mel.count * (x + 1) / width
            for bin in 0..<height {
                let level = range.map { mel.values[$0 * height + bin] }.max() ?? loudest - 80
                let colour = colour(1 + (level - loudest) / 80)
                let place = 3 * ((height - 1 - bin) * width + x)
                (pixels[place], pixels[place + 1], pixels[place + 2]) = colour
            }
        }
        return Image(unchecked: pixels, width: width, height: height)
    }

    /// From black over violet and orange to a light yellow, each step as much lighter as the one before.
    /// - Parameter value: 0 … 1.
    private static func colour(_ value: Double) -> (UInt8, UInt8, UInt8) {
        let stops: [(Double, Double, Double)] = [
            (8, 6, 20), (52, 20, 96), (124, 34, 116), (198, 58, 88), (242, 122, 48), (252, 196, 92), (254, 246, 206),
        ]
        let at = min(max(value, 0), 1) * Double(stops.count - 1)
        let (low, share) = (min(Int(at), stops.count - 2), at - Double(min(Int(at), stops.count - 2)))
        func mix(_ a: Double, _ b: Double) -> UInt8 { UInt8((a + share * (b - a)).rounded()) }
        let (a, b) = (stops[low], stops[low + 1])
        return (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
}
