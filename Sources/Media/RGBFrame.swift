import CAV
internal import ClipSampling
import Glibc

/// A frame of FFmpeg's that holds an ``Image``, for what encodes images.
final class RGBFrame {
    /// RGB24, with buffers of its own.
    let frame: UnsafeMutablePointer<AVFrame>
    private let width: Int
    private let height: Int

    /// - Parameters:
    ///   - width: Columns; an image filled in later may be narrower, its last column is then repeated.
    ///   - height: Rows, likewise.
    init(width: Int, height: Int) throws(MediaError) {
        var holder = av_frame_alloc()
        guard let frame = holder else { throw Input.noMemory("") }
        frame.pointee.format = AV_PIX_FMT_RGB24.rawValue
        frame.pointee.width = Int32(clamping: width)
        frame.pointee.height = Int32(clamping: height)
        guard av_frame_get_buffer(frame, 0) >= 0 else {
            av_frame_free(&holder)
            throw Input.noMemory("")
        }
        self.frame = frame
        self.width = width
        self.height = height
    }

    deinit {
        var frame = Optional(frame)
        av_frame_free(&frame)
    }

    /// Copies the pixels of an image that is no larger.
    func fill(with image: Image) throws(MediaError) {
        guard av_frame_make_writable(frame) >= 0, let target = frame.pointee.data.0 else { throw Input.noMemory("") }
        let stride = Int(frame.pointee.linesize.0)
        let row = image.width * 3
        image.pixels.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            for y in 0..<height {
                let line = target + y * stride
                memcpy(line, base + min(y, image.height - 1) * row, row)
                for x in image.width..<width { memcpy(line + x * 3, line + row - 3, 3) }
            }
        }
    }
}
