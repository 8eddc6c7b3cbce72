internal import ClipSampling
internal import Foundation

/// Where Katna sees a clip change: the frames just before a largest difference, smoothed over twenty.
///
/// Frames come one after the other; of each only its colours are kept until the next.
///
/// Source: Katna 0.9.2 `frame_extractor.py`, as it computes with NumPy 1: the continuation of the differences goes below zero.
struct KatnaChanges {
    /// No difference is taken across the end of so many frames.
    private static let group = 500
    private static let window = 20

    private var colours: [UInt8] = []
    private var differences: [Double] = []
    private var first = 0
    private var count = 0
    private var found: [Int] = []

    /// The next frame. One of another size than the one before begins a group of its own.
    mutating func add(_ frame: Image) {
        let next = LuvColours.of(frame)
        if count == Self.group || (count > 0 && next.count != colours.count) { endGroup() }
        if count > 0 {
            var sum = 0
            for (a, b) in zip(colours, next) { sum += abs(Int(a) - Int(b)) }
            differences.append(Double(sum))
        }
        colours = next
        count += 1
    }

    /// Numbers of the candidates, from 0, in the order of time.
    mutating func finish() -> [Int] {
        endGroup()
        return found
    }

    private mutating func endGroup() {
        let smooth = Self.smooth(differences)
        for k in smooth.indices.dropFirst().dropLast() where smooth[k] > smooth[k - 1] && smooth[k] > smooth[k + 1] {
            found.append(first + k)
        }
        first += count
        (count, differences) = (0, [])
    }

    /// Under a Hann window of twenty, both ends continued by what is mirrored through the end's value; as they are where there are
    /// fewer.
    static func smooth(_ d: [Double]) -> [Double] {
        guard d.count >= window, let last = d.last else { return d }
        // Of exactly twenty the mirror is one shorter, as a slice of Python that begins behind the end.
        let before = (2...window).reversed().filter { $0 < d.count }.map { 2 * d[0] - d[$0] }
        let after = (1..<window).map { 2 * last - d[d.count - $0] }
        let s = before + d + after
        let raw = (0..<window).map { 0.5 - 0.5 * Foundation.cos(2 * .pi * Double($0) / Double(window - 1)) }
        let sum = raw.reduce(0, +)
        let weights = raw.map { $0 / sum }
        return (window - 1..<s.count - window + 1).map { place in
            var value = 0.0
            for (j, weight) in weights.enumerated() { value += weight * s[place + window / 2 - 1 - j] }
            return value
        }
    }
}

/// CIE L*u*v* of sRGB pixels in bytes, as OpenCV scales it: L · 255/100, (u + 134) · 255/354, (v + 140) · 255/262.
enum LuvColours {
    static func of(_ image: Image) -> [UInt8] {
        var colours = [UInt8](repeating: 0, count: image.pixels.count)
        for place in stride(from: 0, to: image.pixels.count, by: 3) {
            let (r, g, b) = (
                linear[Int(image.pixels[place])], linear[Int(image.pixels[place + 1])],
                linear[Int(image.pixels[place + 2])]
            )
            let x = r * 0.412453 + g * 0.357580 + b * 0.180423
            let y = r * 0.212671 + g * 0.715160 + b * 0.072169
            let z = r * 0.019334 + g * 0.119193 + b * 0.950227
            let light = y > 0.008856 ? 116 * cbrtf(y) - 16 : 903.3 * y
            let d = max(x + 15 * y + 3 * z, Float.ulpOfOne)
            let (u, v) = (13 * light * (4 * x / d - 0.19793943), 13 * light * (9 * y / d - 0.46831096))
            colours[place] = byte(light * 2.55)
            colours[place + 1] = byte((u + 134) * 255 / 354)
            colours[place + 2] = byte((v + 140) * 255 / 262)
        }
        return colours
    }

    private static func byte(_ value: Float) -> UInt8 { UInt8(min(max(value.rounded(.toNearestOrEven), 0), 255)) }

    private static let linear: [Float] = (0...255).map { level in
        let c = Float(level) / 255
        return c <= 0.04045 ? c / 12.92 : powf((c + 0.055) / 1.055, 2.4)
    }
}
