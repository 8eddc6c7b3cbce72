package import ClipSampling

/// The still that stands for a window of a video, and how it was chosen.
package struct KeyFrame: Sendable {
    /// A frame that was looked at.
    package struct Candidate: Equatable, Sendable {
        /// The frame's number in the file, from 0.
        package let index: Int
        /// Seconds from the file's first frame.
        package let time: Fraction
        /// What was measured on a small copy.
        package let measures: Measures
        /// What follows from it within the window.
        package let scores: Scores
    }

    /// What is seen in one frame, and between it and its neighbours.
    package struct Measures: Equatable, Sendable {
        /// Variance of the Laplacian of luma (0…255), at least 0; comparable within a clip only.
        package let sharpness: Double
        /// Mean luma, 0…1.
        package let brightness: Double
        /// Standard deviation of luma, 0…0.5.
        package let contrast: Double
        /// Mean distance of the colour histogram to those of the candidates before and behind, 0…1.
        package let colourChange: Double
    }

    /// Three parts, each 0 (bad) … 1 (good), and their weighted sum. See ``KeyFrameScale``.
    package struct Scores: Equatable, Sendable {
        package let sharpness: Double
        package let brightness: Double
        package let stability: Double
        /// 0…1, in steps of 0.001.
        package let total: Double
    }

    /// The image, at full size, turned as it is meant to be seen.
    package let image: Image
    /// The chosen one's place in ``candidates``.
    package let choice: Int
    /// All that were looked at, in the order of time; never empty.
    package let candidates: [Candidate]

    /// The frame's number in the file, from 0.
    package var index: Int { candidates[choice].index }
    /// Seconds from the file's first frame.
    package var time: Fraction { candidates[choice].time }
}
