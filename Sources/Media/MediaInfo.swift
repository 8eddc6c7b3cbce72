package import ClipSampling

/// What a media file holds.
package struct MediaInfo: Equatable, Sendable {
    /// A video stream.
    package struct Video: Equatable, Sendable {
        /// Columns as shown, that is after ``orientation``. The EXIF tag of a JPEG or WebP is not looked at here: it may still
        /// be turned when it is read.
        package let width: Int
        /// Rows as shown.
        package let height: Int
        /// How the stored image is turned for showing.
        package let orientation: Orientation
        /// Frames per second as the container declares them; nil when it does not.
        package let frameRate: Fraction?
        /// Number of frames where the container tells it.
        package let frameCount: Int?
        /// Seconds from the first shown frame to the end of the last; nil for an image, and where it was not asked for.
        package let duration: Fraction?
        /// FFmpeg's name of the codec: "h264".
        package let codec: String
        /// FFmpeg's name of the pixel format, or "unknown": "yuv420p".
        package let pixelFormat: String
    }

    /// An audio stream.
    package struct Audio: Equatable, Sendable {
        /// Samples per second.
        package let sampleRate: Int
        /// Number of channels.
        package let channels: Int
        /// Seconds to the end of the sound, from the first shown frame where there is a video, otherwise from the first
        /// sample, as ``AudioReader`` counts; 0 where no sample comes, nil where it was not asked for.
        package let duration: Fraction?
        /// FFmpeg's name of the codec: "aac".
        package let codec: String
    }

    /// FFmpeg's name of the container: "mov,mp4,m4a,3gp,3g2,mj2".
    package let container: String
    /// The video stream that a player would choose; cover art does not count.
    package let video: Video?
    /// Why there is no video that can be used; nil where there is one.
    package let videoFault: MediaError?
    /// The audio stream that a player would choose.
    package let audio: Audio?
    /// Why there is no audio that can be used; nil where there is some.
    package let audioFault: MediaError?
    /// Whether the file is a still image.
    package let isImage: Bool

    /// Reads the headers of a file and, for its lengths, all packets, except of an mp4 whose index tells them; decodes no
    /// more than a frame or two.
    ///
    /// A file that holds neither video nor audio is not an error here: ``video`` and ``audio`` are both nil.
    ///
    /// - Throws: ``MediaError`` for what is missing, not a regular file, unreadable, empty, unrecognised, of a format that is
    ///   not read, damaged (an mp4 whose index points past its end counts, and an image that is cut off) or too large.
    package static func probe(_ path: String) throws(MediaError) -> MediaInfo {
        ProbeMemory.limit()
        defer { ProbeMemory.release() }
        let input = try Input(path)
        guard input.isStillImage else { return MediaInfo(input, StreamLengths(input)) }
        let still = try StillFile(input)
        _ = try input.videoStream()
        return MediaInfo(input, turned: still.orientation)
    }
}
