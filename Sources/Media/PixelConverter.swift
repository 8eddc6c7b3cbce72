import CAV
internal import ClipSampling
import Glibc

/// How decoded frames become RGB: the values depend on it.
package enum PixelStyle: Sendable {
    /// As ``PixelConverter`` says: what everything here is decoded with.
    case accurate
    /// As OpenCV's `VideoCapture` gives them: libswscale with `SWS_BICUBIC` alone, which does not interpolate the colour of
    /// 4:2:0. Byte for byte as OpenCV 5 where a channel has 8 bits; OpenCV 4 takes BT.601 whatever the frame is tagged with.
    case openCV
}

/// Decoded frames of any pixel format to RGB, or to the planar format of an encoder.
///
/// Unless another style is asked for, libswscale with accurate rounding, full horizontal chroma resolution and bicubic chroma: what
/// `ffmpeg -sws_flags bicubic+accurate_rnd+full_chroma_int -pix_fmt rgb24` gives. The matrix and the range are those
/// that the frame is tagged with; an untagged one counts as BT.601, limited range. Alpha is dropped, not composited.
final class PixelConverter {
    private var context: OpaquePointer?
    private let path: String
    private let style: PixelStyle

    init(path: String, style: PixelStyle = .accurate) {
        self.path = path
        self.style = style
    }

    deinit { sws_freeContext(context) }

    /// The frame as RGB, as it is stored (no orientation applied).
    func rgb(_ frame: UnsafeMutablePointer<AVFrame>) throws(MediaError) -> Image {
        let (width, height) = (Int(frame.pointee.width), Int(frame.pointee.height))
        try check(width, height)
        if style == .accurate, let image = Self.highBytes(frame) { return image }
        try prepare(
            frame, to: style == .openCV ? AV_PIX_FMT_BGR24 : AV_PIX_FMT_RGB24, fullRange: true,
            width: frame.pointee.width, height: frame.pointee.height)
        // Rows in FFmpeg's own alignment, and room behind them: its vector code writes past the end of a row. What
        // does not interpolate colour does whole vectors only where a row has room for them.
        let stride = style == .openCV ? (width + 63) / 64 * 64 * 3 : (width * 3 + 63) / 64 * 64
        guard let buffer = av_malloc(stride * height + 64) else { throw Input.noMemory(path) }
        defer { av_free(buffer) }
        let target = buffer.assumingMemoryBound(to: UInt8.self)
        guard scale(frame, [target, nil, nil, nil], [Int32(stride), 0, 0, 0]) == frame.pointee.height else {
            throw unsupported(frame)
        }
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { rows, count in
            guard let start = rows.baseAddress else { return }
            for y in 0..<height {
                memcpy(start + y * width * 3, target + y * stride, width * 3)
            }
            count = width * height * 3
            // OpenCV asks for blue first, and libswscale dithers by the place.
            if style == .openCV { for i in Swift.stride(from: 0, to: count, by: 3) { rows.swapAt(i, i + 2) } }
        }
        return Image(unchecked: pixels, width: width, height: height)
    }

    /// Fills `target` (format, range, size and buffers set), scaling where the sizes differ; the matrix of the source is
    /// kept.
    func convert(
        _ frame: UnsafeMutablePointer<AVFrame>, into target: UnsafeMutablePointer<AVFrame>
    ) throws(MediaError) {
        try check(Int(frame.pointee.width), Int(frame.pointee.height))
        try prepare(
            frame, to: AVPixelFormat(target.pointee.format), fullRange: target.pointee.color_range == AVCOL_RANGE_JPEG,
            width: target.pointee.width, height: target.pointee.height)
        let data = target.pointee.data
        let lines = target.pointee.linesize
        guard
            scale(frame, [data.0, data.1, data.2, data.3], [lines.0, lines.1, lines.2, lines.3])
                == target.pointee.height
        else { throw unsupported(frame) }
    }

    private func scale(
        _ frame: UnsafeMutablePointer<AVFrame>, _ target: [UnsafeMutablePointer<UInt8>?], _ strides: [Int32]
    ) -> Int32 {
        let (data, lines) = (frame.pointee.data, frame.pointee.linesize)
        let source: [UnsafePointer<UInt8>?] = [data.0, data.1, data.2, data.3].map { $0.map { UnsafePointer($0) } }
        return sws_scale(
            context, source, [lines.0, lines.1, lines.2, lines.3], 0, frame.pointee.height, target, strides)
    }

    private func prepare(
        _ frame: UnsafeMutablePointer<AVFrame>, to format: AVPixelFormat, fullRange: Bool, width: Int32, height: Int32
    ) throws(MediaError) {
        let source = AVPixelFormat(frame.pointee.format)
        context = sws_getCachedContext(
            context, frame.pointee.width, frame.pointee.height, source, width, height, format,
            style == .openCV ? SWS_BICUBIC : SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nil, nil, nil)
        guard let context else { throw unsupported(frame) }
        let full: Int32 = Self.isFullRange(frame) ? 1 : 0
        let matrix = Self.matrix(frame)
        // For YUV to YUV the same table on both sides: the values are moved, not reinterpreted. RGB to YUV follows the
        // matrix that the frame is tagged with.
        sws_setColorspaceDetails(context, matrix, full, matrix, fullRange ? 1 : 0, 0, 1 << 16, 1 << 16)
    }

    /// As tagged; untagged grey and the JPEG formats use all 256 values, other untagged frames 16…235.
    private static func isFullRange(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
        switch frame.pointee.color_range {
        case AVCOL_RANGE_JPEG: return true
        case AVCOL_RANGE_MPEG: return false
        default: break
        }
        switch AVPixelFormat(frame.pointee.format) {
        case AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUVJ411P:
            return true
        case let format:
            guard let description = av_pix_fmt_desc_get(format) else { return false }
            return description.pointee.nb_components <= 2
        }
    }

    private static func matrix(_ frame: UnsafeMutablePointer<AVFrame>) -> UnsafePointer<Int32>? {
        switch frame.pointee.colorspace {
        case AVCOL_SPC_RGB, AVCOL_SPC_UNSPECIFIED, AVCOL_SPC_RESERVED: sws_getCoefficients(SWS_CS_DEFAULT)
        case let space: sws_getCoefficients(Int32(space.rawValue))
        }
    }

    /// 16-bit grey and RGB as their high bytes, exactly; libswscale would go through YUV and lose the last bit.
    private static func highBytes(_ frame: UnsafeMutablePointer<AVFrame>) -> Image? {
        let layout: (components: Int, high: Int)
        switch AVPixelFormat(frame.pointee.format) {
        case AV_PIX_FMT_GRAY16BE: layout = (1, 0)
        case AV_PIX_FMT_GRAY16LE: layout = (1, 1)
        case AV_PIX_FMT_YA16BE: layout = (2, 0)
        case AV_PIX_FMT_YA16LE: layout = (2, 1)
        case AV_PIX_FMT_RGB48BE: layout = (3, 0)
        case AV_PIX_FMT_RGB48LE: layout = (3, 1)
        case AV_PIX_FMT_RGBA64BE: layout = (4, 0)
        case AV_PIX_FMT_RGBA64LE: layout = (4, 1)
        default: return nil
        }
        guard let base = frame.pointee.data.0, frame.pointee.linesize.0 > 0 else { return nil }
        let (width, height) = (Int(frame.pointee.width), Int(frame.pointee.height))
        let stride = Int(frame.pointee.linesize.0)
        let colour = layout.components >= 3 ? 2 : 0
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
            var to = 0
            for y in 0..<height {
                var from = base + y * stride + layout.high
                for _ in 0..<width {
                    target[to] = from[0]
                    target[to + 1] = from[colour]
                    target[to + 2] = from[colour * 2]
                    to += 3
                    from += layout.components * 2
                }
            }
            count = to
        }
        return Image(unchecked: pixels, width: width, height: height)
    }

    private func check(_ width: Int, _ height: Int) throws(MediaError) {
        guard width > 0, height > 0, width.multipliedReportingOverflow(by: height).partialValue <= Limits.pixels else {
            throw MediaError(
                .invalidDimensions, file: path, doing: "convert a frame", found: "\(width)×\(height) pixels",
                remedy: "the file is damaged, or larger than \(Limits.pixels) pixels")
        }
    }

    private func unsupported(_ frame: UnsafeMutablePointer<AVFrame>) -> MediaError {
        let name = av_get_pix_fmt_name(AVPixelFormat(frame.pointee.format)).map { String(cString: $0) } ?? "unknown"
        return MediaError(
            .unsupported, file: path, doing: "convert a frame to RGB",
            found:
                "libswscale does not take the pixel format \(name) at \(frame.pointee.width)×\(frame.pointee.height)",
            remedy: "convert the file, for example with `ffmpeg -i IN -pix_fmt yuv420p OUT.mp4`")
    }
}
