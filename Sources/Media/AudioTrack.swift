import CAV
internal import ClipSampling
import Glibc

/// Writes a ``PlanarAudio`` as the AAC track of an ``Mp4File``.
///
/// AAC knows a fixed list of rates; another rate is resampled to the next higher one of it. More than 8 channels are mixed to
/// mono.
final class AudioTrack {
    private static let rates = [
        7350, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000,
    ]

    private let encoder: TrackEncoder
    private let channels: [[Float]]

    /// - Parameters:
    ///   - bitRate: Bits per second; held below what AAC can use for the rate and channels.
    ///   - length: Seconds to which the audio is cut or, with silence, filled up: to the nearest sample, at least one. Nil
    ///     keeps its own length.
    init(
        _ audio: PlanarAudio, bitRate: Int, length: Fraction? = nil, into output: Mp4File, file: String
    ) throws(MediaError) {
        guard (1...Limits.channels).contains(audio.channels.count), audio.count > 0, audio.isFinite,
            Limits.sampleRates.contains(audio.sampleRate)
        else {
            throw MediaError(
                .invalidInput, file: file, doing: "write its audio",
                found: "\(audio.channels.count) channels of \(audio.count) samples at \(audio.sampleRate) Hz"
                    + (audio.isFinite ? "" : ", some of them not finite"),
                remedy: "give 1 to \(Limits.channels) channels with at least one sample, all finite")
        }
        let rate = Self.rates.first { $0 >= audio.sampleRate } ?? 96000
        let resampled = try audio.resampled(
            to: rate, channels: audio.channels.count > 8 ? 1 : audio.channels.count, file: file)
        channels = try Self.fit(
            resampled, length.map { max(($0 + Fraction(1, 2 * Int128(rate))).floor(times: rate), 1) })
        let count = Int32(channels.count)
        // 6144 bits per channel and frame of 1024 samples is the format's limit.
        let highest = 6 * rate * channels.count
        encoder = try TrackEncoder("aac", into: output, file: file) { context in
            context.pointee.sample_rate = Int32(rate)
            context.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
            context.pointee.bit_rate = Int64(min(max(bitRate, 8000), highest))
            context.pointee.time_base = AVRational(num: 1, den: Int32(rate))
            av_channel_layout_default(&context.pointee.ch_layout, count)
        }
    }

    /// Samples per second, as written.
    var rate: Int { Int(encoder.context.pointee.sample_rate) }

    /// Encodes everything; the output must have begun.
    func write() throws(MediaError) {
        let size = max(Int(encoder.context.pointee.frame_size), 1)
        let frame = encoder.frame
        let total = channels[0].count
        for start in stride(from: 0, to: total, by: size) {
            let count = min(size, total - start)
            frame.pointee.nb_samples = Int32(count)
            frame.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
            frame.pointee.sample_rate = encoder.context.pointee.sample_rate
            av_channel_layout_copy(&frame.pointee.ch_layout, &encoder.context.pointee.ch_layout)
            try encoder.prepareFrame()
            for (c, channel) in channels.enumerated() {
                guard let plane = frame.pointee.extended_data[c] else { continue }
                channel.withUnsafeBufferPointer { source in
                    if let base = source.baseAddress { memcpy(plane, base + start, count * 4) }
                }
            }
            frame.pointee.pts = Int64(start)
            try encoder.encode(true)
            // The last frame may be shorter: buffers are made anew for each size.
            av_frame_unref(frame)
        }
        try encoder.encode(false)
    }

    /// Each channel cut or filled up with silence to `count` samples.
    private static func fit(_ channels: [[Float]], _ count: Int?) throws(MediaError) -> [[Float]] {
        guard let count else { return channels }
        guard count <= Limits.samples / channels.count else {
            throw MediaError(
                .tooLarge, file: "", doing: "fill up the audio",
                found: "\(count) samples in \(channels.count) channels",
                remedy: "write a shorter video: at most \(Limits.samples) samples are accepted")
        }
        return channels.map { channel in
            channel.prefix(count) + [Float](repeating: 0, count: max(count - channel.count, 0))
        }
    }
}
