import ClipSampling
import Foundation
import Media

/// A frame that was looked at, as a line of a table shows it.
protocol ListedCandidate: Encodable {
    static var columns: [String] { get }
    var frame: Int { get }
    var seconds: Double { get }
    /// What stands under the columns.
    var values: [Double?] { get }
}

/// What `seehear keyframe` prints.
struct KeyFrameReport<Candidate: ListedCandidate>: Encodable {
    let clip: String
    let frame: Int
    let seconds: Double
    let width: Int
    let height: Int
    let image: String?
    let candidates: [Candidate]

    /// - Parameters:
    ///   - choice: the chosen one's place among the candidates.
    ///   - path: where the frame is written to.
    init(_ candidates: [Candidate], choice: Int, _ image: Image, clip: String, path: String?) {
        self.clip = clip
        self.image = path
        self.candidates = candidates
        frame = candidates[choice].frame
        seconds = candidates[choice].seconds
        width = image.width
        height = image.height
    }

    /// The candidates as a table; an asterisk marks the choice.
    var rows: [[String]] {
        func number(_ value: Double) -> String { String(format: "%.3f", value) }
        return [["frame", "seconds"] + Candidate.columns + [""]]
            + candidates.map { one in
                ["\(one.frame)", number(one.seconds)] + one.values.map { $0.map(number) ?? "-" }
                    + [one.frame == frame ? "*" : ""]
            }
    }
}

/// What was measured of a frame, and how it was scored.
struct ScoredCandidate: ListedCandidate {
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

    static let columns = ["sharpness", "brightness", "stability", "score"]
    var values: [Double?] { [sharpness, brightness, stability, score] }

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

/// A frame just before a change, as Katna measures it.
struct KatnaCandidate: ListedCandidate {
    let frame: Int
    let seconds: Double
    let sharpness: Double
    let brightness: Double
    /// Missing where it did not matter.
    let entropy: Double?

    static let columns = ["sharpness", "brightness", "entropy"]
    var values: [Double?] { [sharpness, brightness, entropy] }

    init(_ candidate: KatnaFrames.Candidate) {
        frame = candidate.index
        seconds = candidate.time.double
        sharpness = candidate.sharpness
        brightness = candidate.brightness
        entropy = candidate.entropy
    }
}
