import Method
import ClipSampling
import AVAlign
import Foundation
import Media

/// AV-Align of a clip, and what it is made of.
///
///     av-align-check frames VIDEO            every frame as OpenCV gives it, RGB bytes, to standard output
///     av-align-check sound FILE              22050 samples per second as librosa gives them, floats
///     av-align-check clip VIDEO SOUND [N]    onsets, trajectory, rate and scores as JSON; N times, with the seconds of each
@main
enum AVAlignCheck {
    /// What `clip` prints.
    private struct Report: Encodable {
        let onsets: [Double]
        let trajectory: [Double]
        let rate: Double
        let peaks: [String: [Double]]
        let scores: [String: Double?]
        let seconds: [Double]
    }

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            switch (arguments.first, arguments.count) {
            case ("frames", 2): try frames(arguments[1])
            case ("sound", 2): try sound(arguments[1])
            case ("clip", 3...4):
                try clip(arguments[1], arguments[2], times: arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1)
            default: fail("usage: av-align-check frames VIDEO | sound FILE | clip VIDEO SOUND [N]", code: 2)
            }
        } catch {
            fail("\(error)", code: 1)
        }
    }

    private static func frames(_ video: String) throws {
        let reader = try VideoReader(path: video, style: .openCV)
        try reader.visit(Array(reader.times.indices)) { _, image in
            FileHandle.standardOutput.write(Data(image.pixels))
        }
    }

    private static func sound(_ file: String) throws {
        let audio = try AudioReader.readAsLibrosa(file, sampleRate: OnsetEnvelope.sampleRate)
        audio.channels[0].withUnsafeBytes { FileHandle.standardOutput.write(Data($0)) }
    }

    private static func clip(_ video: String, _ sound: String, times: Int) throws {
        var seconds: [Double] = []
        var found = AVAlignTimes(onsets: [], trajectory: [], frameRate: 1)
        for _ in 0..<max(times, 1) {
            let clock = ContinuousClock()
            let begun = clock.now
            found = try AVAlignTimes(video: video, sound: sound)
            seconds.append((clock.now - begun) / .seconds(1))
        }
        func each<Value>(_ value: (AVAlignVariant) -> Value) -> [String: Value] {
            Dictionary(uniqueKeysWithValues: AVAlignVariant.allCases.map { ($0.rawValue, value($0)) })
        }
        let report = Report(
            onsets: found.onsets, trajectory: found.trajectory, rate: found.frameRate, peaks: each(found.peaks),
            scores: each(found.score), seconds: seconds)
        FileHandle.standardOutput.write(try JSONEncoder().encode(report))
    }

    private static func fail(_ message: String, code: Int32) -> Never {
        FileHandle.standardError.write(Data((message + "\n").utf8))
        exit(code)
    }
}
