import ClipSampling
import Media
internal import Planning

/// Looks into media files with FFmpeg's libraries.
package struct MediaProbe: InputProbe {
    package init() {}

    /// Reads a file's headers, and of some formats the first packets.
    /// - Throws: `InputProbeError` with the kind of the `MediaError`.
    package func probe(_ path: String) throws(InputProbeError) -> ProbedInput {
        let info: MediaInfo
        do throws(MediaError) {
            info = try MediaInfo.probe(path)
        } catch {
            throw InputProbeError(kind: error.kind.rawValue, found: error.found, remedy: error.remedy)
        }
        // The video stream's own length: containers add the audio's encoder delay to theirs.
        let duration = info.isImage ? nil : info.video?.duration ?? info.duration ?? info.audio?.duration
        return ProbedInput(
            duration: duration?.double, audioDuration: info.audio.flatMap { $0.duration ?? info.duration }?.double,
            width: info.video?.width, height: info.video?.height, hasAudio: info.audio != nil, isImage: info.isImage)
    }
}
