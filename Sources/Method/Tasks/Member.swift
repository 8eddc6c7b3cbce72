/// What a shard may hold of each sample; the raw value is the word of a job file.
package enum Member: String, Codable, Sendable, CaseIterable, Comparable {
    /// Everything that made the sample. Always kept.
    case json
    case flac, wav, mp4, png, jpg
    /// The final latents, half precision.
    case audioLatent = "audio_latent"
    case videoLatent = "video_latent"

    /// The end of the member's name in the tar, behind the key and a dot.
    package var suffix: String {
        switch self {
        case .audioLatent, .videoLatent: "\(rawValue).npy"
        case .json, .flac, .wav, .mp4, .png, .jpg: rawValue
        }
    }

    /// The same of one of several finished samples of a row: the best has the plain name, the others their rank before it.
    /// - Parameter rank: from 1, the best, to 64: a longer name fits no tar header beside the longest key.
    package func suffix(rank: Int) -> String { rank == 1 ? suffix : "\(rank).\(suffix)" }

    /// By the word, as lists of members are kept.
    package static func < (left: Member, right: Member) -> Bool { left.rawValue < right.rawValue }

    /// Bytes that the member is expected to take, generously: noise is what compresses worst, and what a run with a
    /// mistake in it makes.
    /// - Parameters:
    ///   - frames: pixels of each frame, width × height, are given beside them.
    ///   - copied: bytes of a video that the member takes over; 0 where the video is made.
    ///   - coupled: the model that makes video and audio together; nil where there is none.
    package func expectedBytes(
        _ extent: SampleExtent, framePixels: Int, copied: Int64, coupled: CoupledModelSettings? = nil
    ) -> Double {
        let pixels = Double(extent.frames ?? 0) * Double(framePixels)
        return switch self {
        case .json: 6_000
        // 16 kHz, mono, 16 bits.
        case .wav: 32_000 * extent.duration
        case .flac: 28_000 * extent.duration
        case .mp4: 16_000 * extent.duration + (copied > 0 ? Double(copied) : 0.5 * pixels)
        case .png: 3 * pixels
        case .jpg: pixels
        case .audioLatent: coupled?.latentBytes.audio ?? ModelFamily.latentBytes(audio: extent.duration)
        case .videoLatent: coupled?.latentBytes.video ?? ModelFamily.latentBytes(pixels: pixels)
        }
    }
}
