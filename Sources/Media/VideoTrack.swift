import CAV
import Glibc

/// Encodes frames as the H.264 track of an ``Mp4File``: libx264, yuv420p, constant rate factor.
///
/// A side of odd length gets one more row or column, a repetition of the last: 4:2:0 has no odd sizes.
final class VideoTrack {
    private let encoder: TrackEncoder
    private let converter: PixelConverter
    private let width: Int32
    private let height: Int32

    /// - Parameters:
    ///   - first: The first frame: size, aspect ratio and colour tags are taken from it.
    ///   - base: Seconds in one tick of the times that ``write(_:at:lasting:)`` takes.
    init(
        like first: UnsafeMutablePointer<AVFrame>, base: AVRational, rate: AVRational, options: Muxer.Options,
        into output: Mp4File, file: String
    ) throws(MediaError) {
        let (width, height) = (first.pointee.width, first.pointee.height)
        self.width = width
        self.height = height
        converter = PixelConverter(path: file)
        let isRGB = Self.isRGB(first)
        encoder = try TrackEncoder(
            "libx264", into: output, file: file,
            // Without the macroblock tree: x264's AVX-512 code for it (0.164) reads memory that was never written, and the
            // same frames then give other bytes each time.
            options: ["crf": "\(options.crf)", "preset": options.preset, "x264-params": "mbtree=0"]
        ) { context in
            context.pointee.width = width + width % 2
            context.pointee.height = height + height % 2
            context.pointee.pix_fmt = AV_PIX_FMT_YUV420P
            context.pointee.time_base = base
            context.pointee.framerate = rate
            context.pointee.sample_aspect_ratio = first.pointee.sample_aspect_ratio
            context.pointee.color_range = AVCOL_RANGE_MPEG
            context.pointee.colorspace = isRGB ? AVCOL_SPC_BT709 : first.pointee.colorspace
            context.pointee.color_primaries = isRGB ? AVCOL_PRI_BT709 : first.pointee.color_primaries
            context.pointee.color_trc = isRGB ? AVCOL_TRC_BT709 : first.pointee.color_trc
        }
        encoder.target.pointee.sample_aspect_ratio = first.pointee.sample_aspect_ratio
        encoder.target.pointee.avg_frame_rate = rate
    }

    /// The stream, for side data.
    var target: UnsafeMutablePointer<AVStream> { encoder.target }

    /// Encodes a frame; the output must have begun. Frames of another size are scaled to the first one's.
    func write(
        _ source: UnsafeMutablePointer<AVFrame>, at time: Int64, lasting duration: Int64
    ) throws(MediaError) {
        let frame = encoder.frame
        frame.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        frame.pointee.width = width + width % 2
        frame.pointee.height = height + height % 2
        try encoder.prepareFrame()
        if Self.isRGB(source) {
            source.pointee.colorspace = AVCOL_SPC_BT709
            source.pointee.color_range = AVCOL_RANGE_MPEG
        }
        // Converted at its own size into the upper left, then the missing row and column are repeated.
        frame.pointee.width = width
        frame.pointee.height = height
        try converter.convert(source, into: frame)
        frame.pointee.width = width + width % 2
        frame.pointee.height = height + height % 2
        repeatEdges(frame)
        frame.pointee.pts = time
        frame.pointee.pict_type = AV_PICTURE_TYPE_NONE
        encoder.durations[time] = duration
        try encoder.encode(true)
    }

    /// Writes what the encoder still holds.
    func finish() throws(MediaError) { try encoder.encode(false) }

    /// Only the luma plane can lack a column or a row: chroma of an odd size is rounded up already.
    private func repeatEdges(_ frame: UnsafeMutablePointer<AVFrame>) {
        guard let luma = frame.pointee.data.0 else { return }
        let stride = Int(frame.pointee.linesize.0)
        let (w, h) = (Int(width), Int(height))
        if w % 2 == 1 { for y in 0..<h { luma[y * stride + w] = luma[y * stride + w - 1] } }
        if h % 2 == 1 { memcpy(luma + h * stride, luma + (h - 1) * stride, w + w % 2) }
    }

    private static func isRGB(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
        guard let description = av_pix_fmt_desc_get(AVPixelFormat(frame.pointee.format)) else { return false }
        return description.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
    }
}
