import ClipSampling
import Media
internal import Planning

/// Looks into media files with FFmpeg's libraries.
package struct MediaProbe: InputProbe {
    package init() {}

    /// Reads a file's headers and, for its lengths, most often its packets.
    /// - Throws: `InputProbeError` with the kind of the `MediaError`.
    package func probe(_ path: String) throws(InputProbeError) -> ProbedInput {
        let info: MediaInfo
        do throws(MediaError) {
            info = try MediaInfo.probe(path)
        } catch {
            throw InputProbeError(error)
        }
        return ProbedInput(
            duration: info.isImage ? nil : (info.video?.duration ?? info.audio?.duration)?.double,
            audioDuration: info.audio?.duration?.double,
            width: info.video?.width, height: info.video?.height, hasAudio: info.audio != nil, isImage: info.isImage,
            videoFault: info.videoFault.map(InputProbeError.init), audioFault: info.audioFault.map(InputProbeError.init)
        )
    }
}

extension InputProbeError {
    fileprivate init(_ error: MediaError) {
        self.init(kind: error.kind.rawValue, found: error.found, remedy: error.remedy)
    }
}
