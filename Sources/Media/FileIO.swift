import CAV
import Glibc

/// FFmpeg's reading and seeking, over a ``MediaFile``.
final class FileIO {
    let context: UnsafeMutablePointer<AVIOContext>
    private let file: MediaFile

    init(_ file: MediaFile, _ path: String) throws(MediaError) {
        let bufferSize = 1 << 15
        let read: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
            opaque, buffer, count in
            guard let opaque, let buffer, count > 0 else { return seehear_error(EINVAL) }
            let got = Unmanaged<MediaFile>.fromOpaque(opaque).takeUnretainedValue()
                .read(into: buffer, count: Int(count))
            return got == 0 ? seehear_eof() : got > 0 ? Int32(got) : seehear_error(Int32(-got))
        }
        let seek: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = { opaque, offset, whence in
            guard let opaque else { return Int64(seehear_error(EINVAL)) }
            let file = Unmanaged<MediaFile>.fromOpaque(opaque).takeUnretainedValue()
            if whence & AVSEEK_SIZE != 0 { return file.size }
            let base =
                switch whence & ~AVSEEK_FORCE {
                case SEEK_SET: Int64(0)
                case SEEK_CUR: file.place
                default: file.size
                }
            let (place, overflow) = base.addingReportingOverflow(offset)
            guard !overflow, place >= 0 else { return Int64(seehear_error(EINVAL)) }
            file.seek(to: place)
            return place
        }
        guard let buffer = av_malloc(bufferSize) else { throw Input.noMemory(path) }
        guard
            let context = avio_alloc_context(
                buffer.assumingMemoryBound(to: UInt8.self), Int32(bufferSize), 0,
                Unmanaged.passUnretained(file).toOpaque(), read, nil, seek)
        else {
            av_free(buffer)
            throw Input.noMemory(path)
        }
        self.context = context
        self.file = file
    }

    deinit {
        // FFmpeg may have replaced the buffer that it was given.
        av_free(context.pointee.buffer)
        var context: UnsafeMutablePointer<AVIOContext>? = context
        avio_context_free(&context)
    }
}
