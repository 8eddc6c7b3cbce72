import CAV
import Glibc

/// An mp4 that is written into memory: no creation time, no version string, the index in front (faststart).
final class Mp4File {
    let context: UnsafeMutablePointer<AVFormatContext>
    private let memory = MemoryFile()
    private let file: String

    /// - Parameter file: The source's name, for errors.
    init(for file: String) throws(MediaError) {
        self.file = file
        FFmpegLog.begin()
        var created: UnsafeMutablePointer<AVFormatContext>?
        let status = avformat_alloc_output_context2(&created, nil, "mp4", nil)
        guard status >= 0, let context = created else {
            throw MediaError(
                .unsupported, file: file, doing: "write mp4", found: FFmpegLog.explain(status),
                remedy: "use an FFmpeg that has the mp4 muxer")
        }
        self.context = context
        guard let io = Self.access(memory, writable: true) else { throw Input.noMemory(file) }
        context.pointee.pb = io
        context.pointee.flags |= AVFMT_FLAG_BITEXACT | AVFMT_FLAG_CUSTOM_IO
        // Interleaving never gives up on a stream: all packets are in memory anyway.
        context.pointee.max_interleave_delta = 0
        context.pointee.opaque = Unmanaged.passUnretained(memory).toOpaque()
        // faststart reads back what was written through a second access to the same file.
        context.pointee.io_open = { context, io, _, flags, _ in
            guard let context, let io, flags & AVIO_FLAG_WRITE == 0, let memory = MemoryFile.of(context.pointee.opaque)
            else { return seehear_error(EPERM) }
            io.pointee = Mp4File.access(memory, writable: false)
            return io.pointee == nil ? seehear_error(ENOMEM) : 0
        }
        context.pointee.io_close2 = { _, io in
            Mp4File.release(io)
            return 0
        }
    }

    deinit {
        Self.release(context.pointee.pb)
        context.pointee.pb = nil
        avformat_free_context(context)
    }

    /// A new stream; its parameters are the caller's to fill before ``begin()``.
    func addStream() throws(MediaError) -> UnsafeMutablePointer<AVStream> {
        guard let stream = avformat_new_stream(context, nil) else { throw Input.noMemory(file) }
        return stream
    }

    /// Writes the header; fails where the container does not take a stream's parameters.
    ///
    /// - Parameter timescale: Units of a second in which edit lists are written.
    func begin(timescale: Int) throws(MediaError) {
        var options: OpaquePointer?
        av_dict_set(&options, "movflags", "+faststart", 0)
        av_dict_set(&options, "movie_timescale", "\(timescale)", 0)
        defer { av_dict_free(&options) }
        let status = avformat_write_header(context, &options)
        guard status >= 0 else { throw failure("write the header of the mp4", status) }
    }

    /// Takes the packet over, its times in `base` being those of `stream`.
    func write(
        _ packet: UnsafeMutablePointer<AVPacket>, to stream: UnsafeMutablePointer<AVStream>, base: AVRational
    ) throws(MediaError) {
        packet.pointee.stream_index = stream.pointee.index
        packet.pointee.pos = -1
        av_packet_rescale_ts(packet, base, stream.pointee.time_base)
        let status = av_interleaved_write_frame(context, packet)
        guard status >= 0 else { throw failure("write a packet of the mp4", status) }
    }

    /// Writes the index and returns the whole file.
    func finish() throws(MediaError) -> [UInt8] {
        let status = av_write_trailer(context)
        guard status >= 0, !memory.isExhausted else { throw failure("finish the mp4", status) }
        avio_flush(context.pointee.pb)
        return memory.bytes
    }

    private func failure(_ action: String, _ status: Int32) -> MediaError {
        MediaError(
            .failed, file: file, doing: action, found: FFmpegLog.explain(status),
            remedy: "convert the source with ffmpeg first, for example to H.264 in mp4")
    }

    /// One access to the file in memory; the place is kept per access.
    private final class Access {
        let memory: MemoryFile
        var place = 0

        init(_ memory: MemoryFile) { self.memory = memory }

        static func of(_ opaque: UnsafeMutableRawPointer?) -> Access? {
            opaque.map { Unmanaged<Access>.fromOpaque($0).takeUnretainedValue() }
        }
    }

    private static func access(_ memory: MemoryFile, writable: Bool) -> UnsafeMutablePointer<AVIOContext>? {
        let size = 1 << 16
        guard let buffer = av_malloc(size) else { return nil }
        let access = Unmanaged.passRetained(Access(memory))
        let read: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
            guard let access = Access.of($0), let target = $1 else { return seehear_error(EINVAL) }
            guard access.memory.seek(Int64(access.place), SEEK_SET) >= 0 else { return seehear_error(EINVAL) }
            let count = access.memory.read(into: target, count: Int($2))
            access.place += count
            return count > 0 ? Int32(count) : seehear_eof()
        }
        let write: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
            guard let access = Access.of($0), let source = $1 else { return seehear_error(EINVAL) }
            guard access.memory.seek(Int64(access.place), SEEK_SET) >= 0 else { return seehear_error(EINVAL) }
            let count = access.memory.write(source, count: Int($2))
            guard count >= 0 else { return seehear_error(ENOSPC) }
            access.place += count
            return Int32(count)
        }
        let seek: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = { opaque, offset, whence in
            guard let access = Access.of(opaque) else { return Int64(seehear_error(EINVAL)) }
            if whence & AVSEEK_SIZE != 0 { return Int64(access.memory.bytes.count) }
            let base = whence == SEEK_CUR ? access.place : whence == SEEK_END ? access.memory.bytes.count : 0
            let (place, overflow) = base.addingReportingOverflow(Int(offset))
            guard !overflow, place >= 0 else { return Int64(seehear_error(EINVAL)) }
            access.place = place
            return Int64(place)
        }
        guard
            let io = avio_alloc_context(
                buffer.assumingMemoryBound(to: UInt8.self), Int32(size), writable ? 1 : 0, access.toOpaque(),
                writable ? nil : read, writable ? write : nil, seek)
        else {
            access.release()
            av_free(buffer)
            return nil
        }
        return io
    }

    private static func release(_ io: UnsafeMutablePointer<AVIOContext>?) {
        var held = io
        guard let io else { return }
        if let opaque = io.pointee.opaque { Unmanaged<Access>.fromOpaque(opaque).release() }
        av_free(io.pointee.buffer)
        avio_context_free(&held)
    }
}
