package import Method

extension AVAlignVariant {
    /// The flow, in pixels, that a peak has at least.
    package var leastFlow: Double { self == .tempotokens2025 ? 0.1 : 0 }
}

/// When something begins to sound, and when something moves: what AV-Align compares.
package struct AVAlignTimes: Equatable, Sendable, Codable {
    /// When sounds begin, in seconds, ascending.
    package let onsets: [Double]
    /// How much moves to each frame, in pixels (``FlowTrajectory``).
    package let trajectory: [Double]
    /// Frames per second; positive.
    package let frameRate: Double

    package init(onsets: [Double], trajectory: [Double], frameRate: Double) {
        self.onsets = onsets
        self.trajectory = trajectory
        self.frameRate = frameRate
    }

    /// When most moves, in seconds: where the trajectory is larger than before and after.
    package func peaks(_ variant: AVAlignVariant) -> [Double] {
        trajectory.indices.dropFirst().dropLast().filter { (frame: Int) -> Bool in
            let flow = trajectory[frame]
            return flow >= variant.leastFlow && flow > trajectory[frame - 1] && flow > trajectory[frame + 1]
        }.map { Double($0) / frameRate }
    }

    /// AV-Align; nil where it is undefined: neither an onset nor a peak.
    package func score(_ variant: AVAlignVariant) -> Double? {
        Self.score(onsets: onsets, peaks: peaks(variant), frameRate: frameRate, variant)
    }

    /// AV-Align of times that are known; nil where it is undefined. An onset meets a peak where less than a frame lies between
    /// them.
    ///
    /// With A onsets, V peaks and k onsets that meet a peak, it is k / (A + V − k); for `javis` 1e-6 is added below, and a clip
    /// without onsets and peaks counts as 0; for `svg` p·q / (p + q − p·q) of the shares p of the onsets and q of the peaks
    /// that meet another, or 0.
    package static func score(
        onsets: [Double], peaks: [Double], frameRate: Double, _ variant: AVAlignVariant
    ) -> Double? {
        let reach = 1 / frameRate
        func meets(_ onset: Double, _ peak: Double) -> Bool { onset > peak - reach && onset < peak + reach }
        let met: Int
        switch variant {
        case .tempotokens2025:
            var free = peaks
            met = onsets.count { onset in
                guard let index = free.firstIndex(where: { meets(onset, $0) }) else { return false }
                free.remove(at: index)
                return true
            }
        case .paper, .javis, .svg:
            met = onsets.count { onset in peaks.contains { meets(onset, $0) } }
        }
        let all = Double(onsets.count + peaks.count - met)
        switch variant {
        case .paper, .tempotokens2025: return all > 0 ? Double(met) / all : nil
        case .javis: return Double(met) / (all + 1e-6)
        case .svg:
            // The tool looks from the other side here, which rounds differently.
            let found = peaks.count { peak in onsets.contains { peak > $0 - reach && peak < $0 + reach } }
            let p = onsets.isEmpty ? 0 : Double(met) / Double(onsets.count)
            let q = peaks.isEmpty ? 0 : Double(found) / Double(peaks.count)
            return p > 0 || q > 0 ? p * q / (p + q - p * q) : 0
        }
    }
}
