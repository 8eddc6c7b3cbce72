/// Audio: one array of samples per channel.
package struct PlanarAudio: Equatable, Sendable {
    /// Samples per second.
    package let sampleRate: Int
    /// [channel][sample], nominally −1…1, all of one length.
    package let channels: [[Float]]

    /// Nil unless there is at least one channel, all are equally long, and the rate is positive.
    package init?(sampleRate: Int, channels: [[Float]]) {
        guard sampleRate > 0, let first = channels.first, channels.allSatisfy({ $0.count == first.count }) else {
            return nil
        }
        self.sampleRate = sampleRate
        self.channels = channels
    }

    /// For callers whose channels agree by construction.
    init(unchecked channels: [[Float]], sampleRate: Int) {
        self.sampleRate = sampleRate
        self.channels = channels
    }

    /// Samples in each channel.
    package var count: Int { channels.first?.count ?? 0 }

    /// Seconds.
    package var duration: Double { Double(count) / Double(sampleRate) }

    /// Whether every sample is a number.
    var isFinite: Bool { channels.allSatisfy { $0.allSatisfy(\.isFinite) } }

    /// Frame after frame, one sample of each channel in turn.
    var interleaved: [Float] {
        if channels.count == 1 { return channels[0] }
        return [Float](unsafeUninitializedCapacity: count * channels.count) { target, filled in
            for (c, channel) in channels.enumerated() {
                for i in 0..<count { target[i * channels.count + c] = channel[i] }
            }
            filled = count * channels.count
        }
    }
}
