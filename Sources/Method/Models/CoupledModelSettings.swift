/// What a file of MM-Diffusion does not tell of its model: command-line flags of the official programs.
package struct CoupledModelSettings: Codable, Sendable, Equatable {
    /// Of a video; the sound is cut into as many runs.
    package var frames: Int
    /// Width and height of a frame, in pixels.
    package var side: Int
    /// Frames a second.
    package var fps: Int
    /// Of the sound, at 16 kHz.
    package var samples: Int
    /// Of attention within a modality.
    package var heads: Int
    /// The width of a head of attention between the modalities.
    package var headChannels: Int
    /// Frames that this attention reaches over, from the finest level that has it to the coarsest.
    package var windows: [Int]

    private enum CodingKeys: String, CodingKey {
        case frames
        case side = "size"
        case fps, samples, heads
        case headChannels = "head_channels"
        case windows
    }

    package init(
        frames: Int, side: Int, fps: Int, samples: Int, heads: Int, headChannels: Int, windows: [Int]
    ) {
        (self.frames, self.side, self.fps, self.samples) = (frames, side, fps, samples)
        (self.heads, self.headChannels, self.windows) = (heads, headChannels, windows)
    }

    /// Of `landscape.pt` and `AIST++.pt`: 1.6 s.
    ///
    /// Source: the flags of the official `multimodal_sample_sr.sh`.
    package static let published = CoupledModelSettings(
        frames: 16, side: 64, fps: 10, samples: 25_600, heads: 4, headChannels: 64, windows: [1, 4, 8])

    /// What each may be.
    package static let frameRange = 2...256
    package static let sideRange = 8...512
    package static let fpsRange = 1...120
    package static let sampleRange = 1...1 << 24
    package static let headRange = 1...64
    package static let headChannelRange = 1...1024
    package static let windowRange = 1...256

    /// Bytes of both latents at half precision.
    package var latentBytes: (video: Double, audio: Double) {
        (Double(2 * frames * 3 * side * side), Double(2 * samples))
    }

    /// Seconds of the video.
    package var duration: Double { Double(frames) / Double(fps) }

    /// Seconds of the sound.
    package var soundDuration: Double { Double(samples) / 16_000 }
}
