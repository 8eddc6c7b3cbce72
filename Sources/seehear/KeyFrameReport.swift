import ClipSampling
import Foundation
import Media

/// What `seehear keyframe` prints.
struct KeyFrameReport: Encodable {
    /// A frame that was looked at, with what was measured and how it was scored.
    struct Candidate: Encodable {
        let frame: Int
        let seconds: Double
        let laplacianVariance: Double
        let meanLuma: Double
        let lumaDeviation: Double
        let colourChange: Double
        let sharpness: Double
        let brightness: Double
        let stability: Double
        let score: Double

        private enum CodingKeys: String, CodingKey {
            case frame, seconds, sharpness, brightness, stability, score
            case laplacianVariance = "laplacian_variance"
            case meanLuma = "mean_luma"
            case lumaDeviation = "luma_deviation"
            case colourChange = "colour_change"
        }

        init(_ candidate: KeyFrame.Candidate) {
            frame = candidate.index
            seconds = candidate.time.double
            laplacianVariance = candidate.measures.sharpness
            meanLuma = candidate.measures.brightness
            lumaDeviation = candidate.measures.contrast
            colourChange = candidate.measures.colourChange
            sharpness = candidate.scores.sharpness
            brightness = candidate.scores.brightness
            stability = candidate.scores.stability
            score = candidate.scores.total
        }
    }

    let clip: String
    let frame: Int
    let seconds: Double
    let width: Int
    let height: Int
    let image: String?
    let candidates: [Candidate]

    init(_ chosen: KeyFrame, clip: String, image: String?) {
        self.clip = clip
        self.image = image
        frame = chosen.index
        seconds = chosen.time.double
        width = chosen.image.width
        height = chosen.image.height
        candidates = chosen.candidates.map(Candidate.init)
    }

    /// The candidates as a table; an asterisk marks the choice.
    var rows: [[String]] {
        func number(_ value: Double) -> String { String(format: "%.3f", value) }
        return [["frame", "seconds", "sharpness", "brightness", "stability", "score", ""]]
            + candidates.map { one in
                [
                    "\(one.frame)", number(one.seconds), number(one.sharpness), number(one.brightness),
                    number(one.stability), number(one.score), one.frame == frame ? "*" : "",
                ]
            }
    }
}
