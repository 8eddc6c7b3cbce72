import ClipSampling
import Foundation
import Media

/// What `seehear keyframe --katna` prints.
struct KatnaReport: Encodable {
    /// A frame just before a change.
    struct Candidate: Encodable {
        let frame: Int
        let seconds: Double
        let sharpness: Double
        let brightness: Double
        /// Missing where it did not matter.
        let entropy: Double?

        init(_ candidate: KatnaFrames.Candidate) {
            frame = candidate.index
            seconds = candidate.time.double
            sharpness = candidate.sharpness
            brightness = candidate.brightness
            entropy = candidate.entropy
        }
    }

    let clip: String
    let frame: Int
    let seconds: Double
    let width: Int
    let height: Int
    let image: String?
    let candidates: [Candidate]

    /// - Returns: nil where Katna chooses none.
    init?(_ choice: KatnaFrames.Choice, clip: String, image path: String?) {
        guard let place = choice.place, let image = choice.image else { return nil }
        self.clip = clip
        self.image = path
        frame = choice.candidates[place].index
        seconds = choice.candidates[place].time.double
        width = image.width
        height = image.height
        candidates = choice.candidates.map(Candidate.init)
    }

    /// The candidates as a table; an asterisk marks the choice.
    var rows: [[String]] {
        func number(_ value: Double) -> String { String(format: "%.3f", value) }
        return [["frame", "seconds", "sharpness", "brightness", "entropy", ""]]
            + candidates.map { one in
                [
                    "\(one.frame)", number(one.seconds), number(one.sharpness), number(one.brightness),
                    one.entropy.map(number) ?? "-", one.frame == frame ? "*" : "",
                ]
            }
    }
}
