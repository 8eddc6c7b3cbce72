internal import CAV
internal import CSndfile

/// The versions of the libraries behind this module, as loaded.
package enum LinkedLibraries {
    /// FFmpeg's release and its libavformat, such as `5.1.6 (libavformat 59.27.100)`.
    package static var ffmpeg: String {
        let version = avformat_version()
        let release = av_version_info().map { String(cString: $0) } ?? "unknown"
        return "\(release) (libavformat \(version >> 16).\(version >> 8 & 0xFF).\(version & 0xFF))"
    }

    /// libsndfile's, such as `libsndfile-1.2.0`.
    package static var sndfile: String { sf_version_string().map { String(cString: $0) } ?? "unknown" }
}
