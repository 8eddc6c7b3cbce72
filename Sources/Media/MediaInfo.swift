package import ClipSampling

/// What the headers of a media file say.
package struct MediaInfo: Equatable, Sendable {
    /// A video stream.
    package struct Video: Equatable, Sendable {
        /// Columns as shown, that is after ``orientation``. The EXIF tag of an image is not looked at here: it may still
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
        /// Seconds, where the container tells it.
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
        /// Seconds, where the container tells it.
        package let duration: Fraction?
        /// FFmpeg's name of the codec: "aac".
        package let codec: String
    }

    /// FFmpeg's name of the container: "mov,mp4,m4a,3gp,3g2,mj2".
    package let container: String
    /// Seconds; nil for an image, or where the container does not tell.
    package let duration: Fraction?
    /// The video stream that a player would choose; cover art does not count.
    package let video: Video?
    /// The audio stream that a player would choose.
    package let audio: Audio?
    /// Whether the file is a still image.
    package let isImage: Bool

    /// Reads the headers of a file, and of some formats the first packets; decodes no more than one frame.
    ///
    /// A file that holds neither video nor audio is not an error here: ``video`` and ``audio`` are both nil.
    ///
    /// - Throws: ``MediaError`` for what is missing, not a regular file, unreadable, empty, unrecognised, damaged
    ///   (an mp4 whose index points past its end counts) or too large.
    package static func probe(_ path: String) throws(MediaError) -> MediaInfo {
        MediaInfo(try Input(path))
    }
}
