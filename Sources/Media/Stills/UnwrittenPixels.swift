import CAV
import Glibc

/// Tells the pixels that a decoder never wrote from black ones: decoders give an image all the same whose data end early.
///
/// The buffers that a decoder gets are filled with a pattern that no picture has, and looked for it afterwards.
enum UnwrittenPixels {
    /// Bytes in a row that make no chance.
    private static let piece = 32
    /// Rows begin at one of as many places of the pattern.
    private static let shifts = 251

    /// Has the decoder's buffers filled; before its first frame.
    static func watch(_ context: UnsafeMutablePointer<AVCodecContext>) {
        context.pointee.get_buffer2 = { context, frame, flags in
            let status = avcodec_default_get_buffer2(context, frame, flags)
            if status >= 0, let frame { UnwrittenPixels.fill(frame) }
            return status
        }
    }

    /// Whether some of the pattern is still there. Only the first plane is looked at: all are written together.
    static func remain(in frame: UnsafeMutablePointer<AVFrame>) -> Bool {
        guard let plane = frame.pointee.data.0, frame.pointee.linesize.0 > 0 else { return false }
        let length = rowLength(frame)
        let pattern = pattern(length)
        return (0..<Int(frame.pointee.height)).contains { y in
            let row = plane + y * Int(frame.pointee.linesize.0)
            let shift = y % shifts
            return pattern.withUnsafeBufferPointer { pattern in
                guard let base = pattern.baseAddress else { return false }
                return stride(from: 0, through: length - piece, by: piece).contains {
                    memcmp(row + $0, base + shift + $0, piece) == 0
                }
            }
        }
    }

    private static func fill(_ frame: UnsafeMutablePointer<AVFrame>) {
        guard let plane = frame.pointee.data.0, frame.pointee.linesize.0 > 0 else { return }
        let length = rowLength(frame)
        let pattern = pattern(length)
        for y in 0..<Int(frame.pointee.height) {
            pattern.withUnsafeBufferPointer { pattern in
                guard let base = pattern.baseAddress else { return }
                memcpy(plane + y * Int(frame.pointee.linesize.0), base + y % shifts, length)
            }
        }
    }

    /// Bytes of a row of the first plane.
    private static func rowLength(_ frame: UnsafeMutablePointer<AVFrame>) -> Int {
        let length = av_image_get_linesize(AVPixelFormat(frame.pointee.format), frame.pointee.width, 0)
        return min(max(Int(length), 0), Int(frame.pointee.linesize.0))
    }

    /// Numbers that repeat nowhere near.
    private static func pattern(_ length: Int) -> [UInt8] {
        var state: UInt32 = 0x9E37_79B9
        return (0..<length + shifts).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }
}
