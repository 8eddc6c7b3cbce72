import CAV
import Glibc

/// Opens FFmpeg's demuxer for a file, for that file alone.
enum Demuxer {
    /// Recognises the format, holds what it claims against the file, and reads the header.
    ///
    /// - Returns: The context, and whether it is an mp4 whose index, in front or at the end, lists all samples.
    static func open(
        _ file: MediaFile, _ path: String, _ io: UnsafeMutablePointer<AVIOContext>
    ) throws(MediaError) -> (UnsafeMutablePointer<AVFormatContext>, isIndexed: Bool) {
        let head = try file.bytes(at: 0, count: Signature.length)
        if Signature.isAnimatedWebP(head) {
            throw MediaError(
                .unsupported, file: path, doing: "read it",
                found: "it is an animated WebP, which FFmpeg does not decode",
                remedy: "save it as mp4 or GIF, or the image that is meant as PNG")
        }
        var format: UnsafePointer<AVInputFormat>?
        // Without a name: recognised by contents alone, so that text called .mp4 is not taken for one.
        let score = av_probe_input_buffer2(io, &format, "", nil, 0, 0)
        guard score > 1, let format else {
            throw MediaError(
                .unrecognised, file: path, doing: "recognise the format",
                found: "no format that FFmpeg knows begins like this",
                remedy: "check with the `file` command what it really is")
        }
        let name = String(cString: format.pointee.name)
        if let (found, remedy) = InputFormats.refusal(name) {
            throw MediaError(.unsupported, file: path, doing: "read it", found: found, remedy: remedy)
        }
        var isIndexed = false
        if name.hasPrefix("mov") {
            let claims = try MP4Claims(file)
            try claims.check(size: file.size, path: path)
            isIndexed = !claims.isFragmented
        }
        guard let created = avformat_alloc_context() else { throw Input.noMemory(path) }
        created.pointee.pb = io
        // A file may name others. Nothing is opened for it: no file, no address, no format within that is not read alone.
        created.pointee.io_open = { _, _, _, _, _ in seehear_error(EPERM) }
        created.pointee.protocol_whitelist = av_strdup("")
        created.pointee.format_whitelist = av_strdup(InputFormats.whitelist)
        created.pointee.max_streams = Int32(Limits.streams)
        var context: UnsafeMutablePointer<AVFormatContext>? = created
        let status = avformat_open_input(&context, "", format, nil)
        guard status >= 0, let context else {
            throw refusal(status, head, path, name)
        }
        return (context, isIndexed)
    }

    /// Why a header could not be read.
    private static func refusal(_ status: Int32, _ head: [UInt8], _ path: String, _ format: String) -> MediaError {
        let action = "read the header (\(format))"
        if let brand = Signature.brand(head), Signature.heifBrands.contains(brand) {
            return MediaError(
                .unsupported, file: path, doing: "read it",
                found: "it is a HEIC image, as phones make them (\(brand)), which this FFmpeg does not read",
                remedy: "save it as JPEG or PNG")
        }
        if FFmpegLog.mentions("max_streams") {
            return MediaError(
                .tooLarge, file: path, doing: action, found: "it claims more than \(Limits.streams) streams",
                remedy: "copy the ones that are needed: `ffmpeg -i IN -map 0:v:0 -map 0:a:0 -c copy OUT`")
        }
        if status == seehear_error(ENOMEM) {
            return MediaError(
                .tooLarge, file: path, doing: action, found: "it takes more memory than a header should",
                remedy: "the file is damaged, or made to do harm: get it again from where it came")
        }
        return MediaError(
            .corrupt, file: path, doing: action, found: FFmpegLog.explain(status),
            remedy: "the file is truncated or damaged: copy it again")
    }
}
