import CAV
package import ClipSampling
import Glibc

/// Still images as files: PNG and JPEG through FFmpeg's encoders. The bytes depend on the image and the format alone:
/// no date, no version string.
package enum ImageWriter {
    /// The file formats that are written.
    package enum Format: Equatable, Sendable {
        /// Lossless, 8 bits a channel.
        case png
        /// Baseline JFIF with as much colour as brightness (4:4:4). Quality 1 (smallest) … 100 (best), clamped.
        case jpeg(quality: Int)

        /// The format that a file name's ending stands for, in any case; nil for another than png, jpg, jpeg.
        package init?(fileName: String) {
            switch fileName.split(separator: ".").last?.lowercased() {
            case "png": self = .png
            case "jpg", "jpeg": self = .jpeg(quality: 95)
            default: return nil
            }
        }
    }

    /// Sides that both formats can state, in pixels.
    private static let longestSide = 65_500

    /// The file as bytes.
    ///
    /// - Throws: ``MediaError``; `invalidInput` for a side of more than 65 500 pixels.
    package static func encode(_ image: Image, as format: Format) throws(MediaError) -> [UInt8] {
        guard max(image.width, image.height) <= longestSide else {
            throw MediaError(
                .invalidInput, file: "", doing: "write an image", found: "\(image.width)×\(image.height) pixels",
                remedy: "scale it down to sides of at most \(longestSide) pixels")
        }
        FFmpegLog.begin()
        let source = try RGBFrame(width: image.width, height: image.height)
        try source.fill(with: image)
        let encoder: Encoder
        switch format {
        case .png:
            encoder = try open("png", image, AV_PIX_FMT_RGB24, options: ["pred": "mixed"]) { _ in }
            guard av_frame_ref(encoder.frame, source.frame) >= 0 else { throw Input.noMemory("") }
        case .jpeg(let quality):
            let scale = quantiser(quality)
            encoder = try open("mjpeg", image, AV_PIX_FMT_YUVJ444P, options: [:]) { context in
                context.pointee.color_range = AVCOL_RANGE_JPEG
                context.pointee.flags |= Int32(AV_CODEC_FLAG_QSCALE)
                context.pointee.qmin = 1
                context.pointee.global_quality = scale * FF_QP2LAMBDA
            }
            let frame = encoder.frame
            frame.pointee.format = AV_PIX_FMT_YUVJ444P.rawValue
            frame.pointee.width = source.frame.pointee.width
            frame.pointee.height = source.frame.pointee.height
            frame.pointee.color_range = AVCOL_RANGE_JPEG
            frame.pointee.quality = scale * FF_QP2LAMBDA
            try encoder.prepareFrame()
            try PixelConverter(path: "").convert(source.frame, into: frame)
        }
        encoder.frame.pointee.pts = 0
        var bytes: [UInt8] = []
        func keep(_ packet: UnsafeMutablePointer<AVPacket>) {
            bytes += UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size))
        }
        try encoder.encode(true, keep)
        try encoder.encode(false, keep)
        return bytes
    }

    private static func open(
        _ name: String, _ image: Image, _ format: AVPixelFormat, options: [String: String],
        _ more: (UnsafeMutablePointer<AVCodecContext>) -> Void
    ) throws(MediaError) -> Encoder {
        try Encoder(name, file: "", options: options) { context in
            context.pointee.width = Int32(image.width)
            context.pointee.height = Int32(image.height)
            context.pointee.pix_fmt = format
            context.pointee.time_base = AVRational(num: 1, den: 1)
            context.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
            more(context)
        }
    }

    /// FFmpeg's scale of the quantisation tables, 1 (fine) … 31 (coarse), for a quality of 100 … 1.
    static func quantiser(_ quality: Int) -> Int32 {
        31 - Int32(30 * (min(max(quality, 1), 100) - 1) / 99)
    }
}
