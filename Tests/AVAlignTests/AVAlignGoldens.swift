import AVAlign
import Foundation
import TestSupport
import Testing

/// What OpenCV and librosa computed, and the pictures and sounds that they got: `Tools/goldens/av_align.py`.
struct AVAlignGoldens: Decodable {
    struct Place: Decodable {
        let first: Int
        let count: Int
    }

    struct Flow: Decodable, CustomTestStringConvertible {
        let kind: String
        let height: Int
        let width: Int
        let from: Int
        let every: Int
        let mean: Double
        let right: Place
        let down: Place

        var testDescription: String { "\(kind) \(width)×\(height) from \(from)" }
    }

    struct Sound: Decodable, CustomTestStringConvertible {
        let name: String
        let onsets: [Int]
        let envelope: Place

        var testDescription: String { name }
    }

    let flows: [Flow]
    let sounds: [Sound]

    static let all: AVAlignGoldens = {
        let folder = Fixtures.url("evaluation-avalign")
        do {
            return try JSONDecoder().decode(
                AVAlignGoldens.self, from: Data(contentsOf: folder.appending(path: "goldens.json")))
        } catch {
            fatalError("\(folder.path): \(error)")
        }
    }()

    private static let values: [Float] = {
        let file = Fixtures.url("evaluation-avalign").appending(path: "values.f32")
        guard let data = try? Data(contentsOf: file) else { fatalError("\(file.path) cannot be read") }
        return data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
            }
        }
    }()

    static func values(_ place: Place) -> ArraySlice<Float> { values[place.first..<place.first + place.count] }
}

/// Numbers in −1 ..< 1 from a seed.
func noise(_ seed: UInt64, _ count: Int) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / 9_007_199_254_740_992 * 2 - 1
    }
}

enum Scene {
    static func picture(_ kind: String, _ seed: UInt64, _ number: Int, _ height: Int, _ width: Int) -> GreyImage? {
        let pixels: [UInt8]
        switch kind {
        case "film": pixels = film(seed, number, height, width)
        case "drift": pixels = drift(seed, number, height, width)
        default: return nil
        }
        return GreyImage(width: width, height: height, pixels: pixels)
    }

    private static func bytes(_ seed: UInt64, _ count: Int) -> [Int] {
        noise(seed, count).map { Int((($0 + 1) * 128).rounded(.down)) }
    }

    /// A bright disc that jumps every fifth frame, over a picture of noise that stands still.
    private static func film(_ seed: UInt64, _ number: Int, _ height: Int, _ width: Int) -> [UInt8] {
        let back = bytes(seed, height * width)
        var place = 0.3
        for i in 0...number { place += i % 5 == 0 ? 0.08 : 0.005 }
        let x0 = place.truncatingRemainder(dividingBy: 1) * Double(width)
        let size = 0.03 * Double(height) * Double(width)
        return (0..<height * width).map { i in
            let (dx, dy) = (Double(i % width) - x0, Double(i / width) - 0.5 * Double(height))
            let value = Double(back[i]) * 0.3 + 180 * exp(-(dx * dx + dy * dy) / size)
            return UInt8(min(value, 255))
        }
    }

    /// Smooth noise that moves two pixels to the left and one up in each frame.
    private static func drift(_ seed: UInt64, _ number: Int, _ height: Int, _ width: Int) -> [UInt8] {
        let line = width + 16
        let wide = bytes(seed, (height + 16) * line)
        return (0..<height * width).map { i in
            let start = (i / width + number) * line + i % width + 2 * number
            var sum = 0
            for y in 0..<5 { for x in 0..<5 { sum += wide[start + y * line + x] } }
            return UInt8(sum / 25)
        }
    }
}

enum Heard {
    private static let rate = 22050.0

    static func sound(_ name: String) -> [Float] {
        let long = (0..<44100).map { Double($0) / rate }
        func over(_ times: [Double], _ body: (Double, Int) -> Double) -> [Float] {
            times.enumerated().map { Float(body($1, $0)) }
        }
        func decaying(_ at: Double, _ times: [Double], _ speed: Double, _ base: Double, _ step: Double) -> Double {
            var total = 0.0
            for (i, time) in times.enumerated() where at >= time {
                total += 0.4 * exp(-speed * (at - time)) * sin(2 * .pi * (base + step * Double(i)) * at)
            }
            return total
        }
        switch name {
        case "tones":
            let hiss = noise(3, long.count)
            return over(long) { decaying($0, [0.1, 0.9, 1.6], 6, 440, 890) + 0.02 * hiss[$1] }
        case "dense tones":
            return over(long) { at, _ in decaying(at, [0.2, 0.27, 0.33, 1.0, 1.02, 1.1, 1.9], 25, 300, 170) }
        case "bursts":
            let hiss = noise(31, long.count)
            return over(long) { hiss[$1] * ($0.truncatingRemainder(dividingBy: 0.4) < 0.05 ? 0.5 : 0.001) }
        case "noise": return noise(32, long.count).map { Float(0.3 * $0) }
        case "faint noise": return noise(33, long.count).map { Float(1e-6 * $0) }
        case "silence": return [Float](repeating: 0, count: 22050)
        case "a click at 0": return [1] + [Float](repeating: 0, count: 22049)
        case "shorter than a window":
            return (0..<700).map { $0 < 300 ? 0 : Float(sin(2 * .pi * 880 * Double($0 - 300) / rate) * 0.5) }
        case "one sample": return [0.25]
        case "a steady tone": return over(long) { at, _ in 0.5 * sin(2 * .pi * 440 * at) }
        case "steps":
            return over(long) { at, _ in 0.05 * (1 + (at / 0.25).rounded(.down)) * sin(2 * .pi * 523 * at) }
        default: return []
        }
    }
}
