/// Turns what was measured on the candidates of a window into scores, and chooses. Pure arithmetic.
///
/// For candidate i of the window, v the variance of the Laplacian, m and s the mean and the deviation of luma (0…1), d the
/// distance of two colour histograms, N its neighbours (two, or one at an end):
///
///     sharpness_i  = √(v_i / max_j v_j)
///     brightness_i = clamp(min(m_i − 0.04, 0.96 − m_i) / 0.16) · min(s_i / 0.10, 1)
///     stability_i  = 1 − mean_{n ∈ N} d(i, n)
///     total_i      = 0.4 · sharpness_i + 0.3 · brightness_i + 0.3 · stability_i, rounded to 0.001
enum KeyFrameScale {
    static let sharpnessWeight = 0.4
    static let brightnessWeight = 0.3
    static let stabilityWeight = 0.3
    /// Mean luma at which an image is as good as black, and as far below 1 as good as white.
    static let lost = 0.04
    /// From there to full score.
    static let ramp = 0.16
    /// The deviation of luma from which on an image does not count as flat.
    static let enoughContrast = 0.10

    /// The measures of candidates in the order of time.
    static func measures(_ thumbnails: [FrameThumbnail]) -> [KeyFrame.Measures] {
        let steps = zip(thumbnails, thumbnails.dropFirst()).map { $0.colours.distance(to: $1.colours) }
        return thumbnails.enumerated().map { i, thumbnail in
            let beside = [i - 1, i].filter(steps.indices.contains).map { steps[$0] }
            return KeyFrame.Measures(
                sharpness: thumbnail.sharpness, brightness: thumbnail.brightness, contrast: thumbnail.contrast,
                colourChange: beside.isEmpty ? 0 : beside.reduce(0, +) / Double(beside.count))
        }
    }

    /// The scores of all candidates of a window.
    static func scores(_ all: [KeyFrame.Measures]) -> [KeyFrame.Scores] {
        let sharpest = all.map(\.sharpness).max() ?? 0
        return all.map { one in
            // Where nothing has an edge, none is less sharp than another.
            let sharpness = sharpest > 0 ? (one.sharpness / sharpest).squareRoot() : 1
            let exposure = min(max(min(one.brightness - lost, 1 - lost - one.brightness) / ramp, 0), 1)
            let brightness = exposure * min(one.contrast / enoughContrast, 1)
            let stability = 1 - one.colourChange
            let sum = sharpnessWeight * sharpness + brightnessWeight * brightness + stabilityWeight * stability
            // Differences below a thousandth are the codec's: they do not decide.
            return KeyFrame.Scores(
                sharpness: sharpness, brightness: brightness, stability: stability,
                total: (sum * 1000).rounded() / 1000)
        }
    }

    /// The highest total; of equals the one nearest to the middle of the window, of those the earlier.
    static func choice(_ scores: [KeyFrame.Scores]) -> Int {
        let best = scores.map(\.total).max() ?? 0
        let equals = scores.indices.filter { scores[$0].total == best }
        return equals.min { abs(2 * $0 + 1 - scores.count) < abs(2 * $1 + 1 - scores.count) } ?? 0
    }
}
