import CAV
import Glibc

/// How sound of another rate is resampled: the samples depend on it.
package enum ResamplerStyle: Sendable {
    /// As ``Resampler`` says: what everything here is resampled with.
    case accurate
    /// As librosa's `load` does it by default (`soxr_hq`), bit for bit: libsoxr at 20 bits, or an error where FFmpeg was
    /// built without it.
    case librosa
}

/// Audio of one format to planar float at a rate and a channel count.
///
/// Unless another style is asked for, through libsoxr at 28 bits where FFmpeg was built with it (Debian's is), otherwise through libswresample's own
/// filter, longer than by default. Where the rates agree the samples pass unchanged. Channels are mixed down with
/// weights that sum to 1: stereo to mono is (left + right) / 2. Channels beyond 8 have no usual places: they are mixed to
/// mono as their mean, and to nothing else.
final class Resampler {
    /// What a decoded frame looks like.
    struct Format: Equatable {
        var rate: Int32
        var sampleFormat: AVSampleFormat
        var channels: Int32
        var mask: UInt64

        init(_ frame: UnsafeMutablePointer<AVFrame>) {
            rate = frame.pointee.sample_rate
            sampleFormat = AVSampleFormat(frame.pointee.format)
            channels = frame.pointee.ch_layout.nb_channels
            // Above 8 channels the places that a file names are not mixed by.
            let isNamed = frame.pointee.ch_layout.order == AV_CHANNEL_ORDER_NATIVE && channels <= 8
            mask = isNamed ? frame.pointee.ch_layout.u.mask : 0
        }

        init(rate: Int32, channels: Int32) {
            self.rate = rate
            self.channels = channels
            sampleFormat = AV_SAMPLE_FMT_FLTP
            mask = 0
        }
    }

    let source: Format
    private let rate: Int
    private let channels: Int
    private let path: String
    private let style: ResamplerStyle
    private var context: OpaquePointer?

    init(
        _ source: Format, rate: Int, channels: Int, path: String, style: ResamplerStyle = .accurate
    ) throws(MediaError) {
        self.source = source
        self.rate = rate
        self.channels = channels
        self.path = path
        self.style = style
        var status = configure(soxr: true)
        if status < 0 {
            status = configure(soxr: false)
            guard status < 0 || style == .accurate else {
                swr_free(&context)
                throw Self.lacksSoxr(path)
            }
        }
        guard status >= 0 else {
            swr_free(&context)
            throw MediaError(
                .unsupported, file: path, doing: "convert its audio",
                found: "\(source.channels) channels at \(source.rate) Hz to \(channels) at \(rate) Hz: "
                    + FFmpegLog.explain(status),
                remedy: "ask for the file's own channel count, or convert it to mono or stereo")
        }
    }

    deinit { swr_free(&context) }

    private func configure(soxr: Bool) -> Int32 {
        var input = AVChannelLayout()
        var output = AVChannelLayout()
        defer {
            av_channel_layout_uninit(&input)
            av_channel_layout_uninit(&output)
        }
        if source.mask != 0 {
            av_channel_layout_from_mask(&input, source.mask)
        } else {
            Self.standard(&input, source.channels)
        }
        if source.channels == channels {
            av_channel_layout_copy(&output, &input)
        } else {
            Self.standard(&output, Int32(channels))
        }
        swr_free(&context)
        var status = swr_alloc_set_opts2(
            &context, &output, AV_SAMPLE_FMT_FLTP, Int32(rate), &input, source.sampleFormat, source.rate, 0, nil)
        guard status >= 0, let context else { return status }
        let options = UnsafeMutableRawPointer(context)
        // Floats are not normalised by default: 0.7·(left + right) would exceed 1.
        av_opt_set_double(options, "rematrix_maxval", 1, 0)
        if channels == 1, input.order == AV_CHANNEL_ORDER_UNSPEC, source.channels > 1 {
            let mean = [Double](repeating: 1 / Double(source.channels), count: Int(source.channels))
            status = swr_set_matrix(context, mean, source.channels)
            guard status >= 0 else { return status }
        }
        if source.rate != Int32(rate) {
            if soxr {
                status = av_opt_set_int(options, "resampler", Int64(SWR_ENGINE_SOXR.rawValue), 0)
                av_opt_set_double(options, "precision", style == .librosa ? 20 : 28, 0)
            } else {
                status = av_opt_set_int(options, "filter_size", 64, 0)
                av_opt_set_int(options, "exact_rational", 1, 0)
                av_opt_set_double(options, "cutoff", 0.97, 0)
            }
            guard status >= 0 else { return status }
        }
        return swr_init(context)
    }

    /// The usual layout of a channel count, or numbered channels where there is none.
    private static func standard(_ layout: inout AVChannelLayout, _ channels: Int32) {
        if channels <= 8 { av_channel_layout_default(&layout, channels) }
        // Above 8 channels there is no usual one; the order then says "unspecified", which only passes unmixed.
        if layout.nb_channels != channels { layout.nb_channels = channels }
    }

    /// Converts `count` samples of `data` (one pointer per plane); with nil, the rest that the filter holds.
    func convert(
        _ data: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, count: Int32
    ) throws(MediaError) -> [[Float]] {
        let capacity = swr_get_out_samples(context, count)
        guard capacity >= 0, Int(capacity) <= Limits.samples else { throw failure(capacity) }
        let planes = (0..<channels).map { _ in UnsafeMutablePointer<Float>.allocate(capacity: max(Int(capacity), 1)) }
        defer { for plane in planes { plane.deallocate() } }
        var targets: [UnsafeMutablePointer<UInt8>?] = planes.map {
            UnsafeMutableRawPointer($0).assumingMemoryBound(to: UInt8.self)
        }
        // The pointers to the planes are only read.
        var source: UnsafeMutablePointer<UnsafePointer<UInt8>?>?
        if let data {
            source = UnsafeMutableRawPointer(data).assumingMemoryBound(to: UnsafePointer<UInt8>?.self)
        }
        let written = swr_convert(context, &targets, capacity, source, data == nil ? 0 : count)
        guard written >= 0 else { throw failure(written) }
        return planes.map { Array(UnsafeBufferPointer(start: $0, count: Int(written))) }
    }

    static func lacksSoxr(_ path: String) -> MediaError {
        MediaError(
            .unsupported, file: path, doing: "resample its audio as librosa does",
            found: "this FFmpeg was built without libsoxr",
            remedy: "use an FFmpeg that has it (`ffmpeg -version` lists --enable-libsoxr; Debian's does)")
    }

    private func failure(_ status: Int32) -> MediaError {
        MediaError(
            .failed, file: path, doing: "resample its audio", found: FFmpegLog.explain(status),
            remedy: "convert the audio with ffmpeg first")
    }
}
