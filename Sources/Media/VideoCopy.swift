import CAV
internal import ClipSampling
import Glibc

/// Moves the packets of a video into an mp4 without decoding them.
enum VideoCopy {
    /// Why the video cannot be copied; nil where it can.
    static func obstacle(_ stream: UnsafeMutablePointer<AVStream>, _ table: FrameTable) -> String? {
        let id = stream.pointee.codecpar.pointee.codec_id
        let name = String(cString: avcodec_get_name(id))
        guard let mp4 = av_guess_format("mp4", nil, nil), avformat_query_codec(mp4, id, FF_COMPLIANCE_NORMAL) == 1
        else { return "mp4 does not take \(name)" }
        guard table.followsPackets else { return "the container gives no exact frame times" }
        var last = Int64.min
        for packet in table.packets {
            guard let decoded = packet.decoded, decoded > last, let shown = packet.shown, shown >= decoded else {
                return "the container gives no usable decoding times"
            }
            last = decoded
        }
        let inner = table.ticks[0]..<table.ticks[table.ticks.count - 1]
        if table.packets.contains(where: { $0.isHidden && inner.contains($0.shown ?? .max) }) {
            return "a part in the middle is not shown"
        }
        return nil
    }

    /// The mp4 with `audio` and the packets of `cut`.
    static func write(
        _ audio: PlanarAudio, _ cut: Muxer.Cut, _ input: Input, _ stream: UnsafeMutablePointer<AVStream>,
        _ options: Muxer.Options
    ) throws(MediaError) -> [UInt8] {
        let output = try Mp4File(for: input.path)
        let target = try output.addStream()
        guard avcodec_parameters_copy(target.pointee.codecpar, stream.pointee.codecpar) >= 0 else {
            throw Input.noMemory(input.path)
        }
        keepTag(target, output)
        target.pointee.time_base = stream.pointee.time_base
        target.pointee.avg_frame_rate = stream.pointee.avg_frame_rate
        target.pointee.sample_aspect_ratio = stream.pointee.sample_aspect_ratio
        keepOrientation(of: stream, in: target)
        let audioTrack = try AudioTrack(audio, bitRate: options.audioBitRate, into: output, file: input.path)
        let scale = timescale(stream.pointee.time_base)
        try output.begin(timescale: scale)
        try audioTrack.write()
        try copy(cut, input, stream, to: target, of: output)
        var bytes = try output.finish()
        if let length = shownLength(cut, scale) {
            guard EditList.setPictureLength(length, in: &bytes) else {
                throw input.error(
                    .failed, "cut the copied video", "the written mp4 has no edit list",
                    "convert the source with ffmpeg first")
            }
        }
        return bytes
    }

    /// Keeps the display matrix.
    static func keepOrientation(
        of stream: UnsafeMutablePointer<AVStream>, in target: UnsafeMutablePointer<AVStream>
    ) {
        var size = 0
        guard let matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size), size > 0,
            let copy = av_stream_new_side_data(target, AV_PKT_DATA_DISPLAYMATRIX, size)
        else { return }
        memcpy(copy, matrix, size)
    }

    /// Units per second for edit lists: the track's own, so that cuts are exact; the muxer doubles a coarse clock in
    /// the same way.
    static func timescale(_ base: AVRational) -> Int {
        var scale = max(Int(base.den), 1)
        while scale < 10000 { scale *= 2 }
        return scale
    }

    /// The packets from the key frame before the first frame to the last, in the order of the file, that shows one.
    private static func range(_ cut: Muxer.Cut) -> ClosedRange<Int> {
        let packets = cut.table.packets
        let end = cut.table.ticks[cut.frames.upperBound - 1]
        let last = packets.lastIndex { !$0.isHidden && ($0.shown ?? .max) <= end } ?? packets.count - 1
        return min(cut.table.keys()[cut.frames.lowerBound], last)...last
    }

    private static func copy(
        _ cut: Muxer.Cut, _ input: Input, _ stream: UnsafeMutablePointer<AVStream>,
        to target: UnsafeMutablePointer<AVStream>, of output: Mp4File
    ) throws(MediaError) {
        input.select([stream])
        var holder = av_packet_alloc()
        guard let packet = holder else { throw Input.noMemory(input.path) }
        defer { av_packet_free(&holder) }
        let range = range(cut)
        let zero = cut.zero
        var place = 0
        while place <= range.upperBound {
            let status = av_read_frame(input.context, packet)
            guard status >= 0 else { throw input.damaged("copy the packets", status) }
            defer { av_packet_unref(packet) }
            guard packet.pointee.stream_index == stream.pointee.index else { continue }
            defer { place += 1 }
            guard place >= range.lowerBound else { continue }
            packet.pointee.pts -= zero
            packet.pointee.dts -= zero
            packet.pointee.flags &= AV_PKT_FLAG_KEY
            try output.write(packet, to: target, base: stream.pointee.time_base)
        }
    }

    /// The length that the video's edit must have, where frames behind the cut had to be copied for others to decode,
    /// in units of `scale`; nil where the muxer's own length is right.
    private static func shownLength(_ cut: Muxer.Cut, _ scale: Int) -> Int64? {
        let range = range(cut)
        let last = cut.frames.upperBound - 1
        let end = cut.table.ticks[last]
        guard cut.table.packets[range].contains(where: { ($0.shown ?? 0) > end }) else { return nil }
        let ticks = end + cut.duration(last) - max(cut.zero, cut.table.ticks[cut.frames.lowerBound])
        return Int64((cut.table.tick * Fraction(Int128(ticks)) * Fraction(Int128(scale))).floor)
    }

    /// Keeps the source's tag (hvc1 or hev1) where mp4 knows it for the codec; otherwise the muxer chooses.
    private static func keepTag(_ target: UnsafeMutablePointer<AVStream>, _ output: Mp4File) {
        let parameters = target.pointee.codecpar
        guard let parameters else { return }
        let known = av_codec_get_id(output.context.pointee.oformat.pointee.codec_tag, parameters.pointee.codec_tag)
        if known != parameters.pointee.codec_id { parameters.pointee.codec_tag = 0 }
    }
}
