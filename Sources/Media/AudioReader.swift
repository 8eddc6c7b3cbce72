import CAV
package import ClipSampling
import Glibc

/// The audio of an audio file, or of a video.
package enum AudioReader {
    /// Reads the audio as float, resampled (see `docs/media.md`) where the rates differ.
    ///
    /// Time 0 is the first frame of the video where the file has one, so that audio and frames of a clip agree, and
    /// the first sample otherwise. A track that begins later than time 0 starts with silence, and gaps within are silent;
    /// where times begin anew, as in chained Ogg, it plays on.
    ///
    /// - Parameters:
    ///   - sampleRate: Samples per second of the result; nil for the file's own.
    ///   - channels: Channels of the result, mixed where the file has others; nil for the file's own.
    ///   - start: Seconds from time 0, at least 0. The first sample is number ⌊start · rate⌋.
    ///   - duration: Seconds; nil, or more than there is, means to the end.
    /// - Throws: ``MediaError``; `noAudioStream`, `outOfRange` for a start at or past the end, `tooLarge` beyond
    ///   ``Limits/samples``.
    package static func read(
        _ path: String, sampleRate: Int? = 16000, channels: Int? = nil, start: Fraction = 0,
        duration: Fraction? = nil
    ) throws(MediaError) -> PlanarAudio {
        let input = try Input(path)
        let stream = try input.audioStream()
        let rate = sampleRate ?? Int(stream.pointee.codecpar.pointee.sample_rate)
        let count = channels ?? Int(stream.pointee.codecpar.pointee.ch_layout.nb_channels)
        guard Limits.sampleRates.contains(rate), (1...Limits.channels).contains(count), start >= 0,
            duration.map({ $0 > 0 }) ?? true, start < Fraction(1 << 31),
            duration.map({ $0 < Fraction(1 << 31) }) ?? true
        else {
            throw input.error(
                .outOfRange, "cut its audio", "\(count) channels at \(rate) Hz from \(start.double) s",
                "ask for 1…\(Limits.channels) channels at \(Limits.sampleRates) Hz, and a time inside of the file")
        }
        let first = start.floor(times: rate)
        let end = duration.map { first + max($0.floor(times: rate), 1) }
        var track = Track(input, rate: rate, channels: count, window: first..<(end ?? Int.max))
        try track.decode(stream)
        guard let audio = PlanarAudio(sampleRate: rate, channels: track.samples), audio.count > 0 else {
            guard track.position > 0 else { throw input.damaged("decode its audio", seehear_invalid_data()) }
            throw input.error(
                .outOfRange, "cut its audio",
                "\(start.double) s of \(Double(track.position) / Double(rate)) s", "choose a start inside of the file")
        }
        return audio
    }

    /// One channel of the audio as librosa's `load` gives it, bit for bit where the file holds samples that libsndfile reads to
    /// the same floats (wav, flac): the mean of the channels, resampled by libsoxr at 20 bits where the rates differ.
    /// - Throws: ``MediaError``, as ``read(_:sampleRate:channels:start:duration:)`` does; `unsupported` where FFmpeg was built
    ///   without libsoxr, `corrupt` for a sample that is not a number.
    package static func readAsLibrosa(_ path: String, sampleRate: Int) throws(MediaError) -> PlanarAudio {
        let audio = try read(path, sampleRate: nil)
        guard audio.isFinite else {
            throw MediaError(
                .corrupt, file: path, doing: "read its audio", found: "samples that are not finite numbers",
                remedy: "make it again; what wrote it computed something that is no sound")
        }
        return PlanarAudio(
            unchecked: [try audio.asLibrosa(rate: sampleRate, file: path)], sampleRate: sampleRate)
    }
}

/// The samples of a window, collected while the stream is decoded from its beginning.
private struct Track {
    private let input: Input
    private let rate: Int
    private let channels: Int
    private let window: Range<Int>
    private var resampler: Resampler?
    private(set) var samples: [[Float]]
    /// Samples since time 0, kept or not.
    private(set) var position = 0

    init(_ input: Input, rate: Int, channels: Int, window: Range<Int>) {
        self.input = input
        self.rate = rate
        self.channels = channels
        self.window = window
        samples = [[Float]](repeating: [], count: channels)
    }

    mutating func decode(_ stream: UnsafeMutablePointer<AVStream>) throws(MediaError) {
        let zero = input.timeZero
        let decoder = try Decoder(input, stream)
        let base = stream.pointee.time_base
        var clock = SoundClock(ticksPerSecond: av_rescale(1, Int64(base.den), Int64(max(base.num, 1))))
        var skip = 0
        var isFirst = true
        while position < window.upperBound, try decoder.next() {
            let frame = decoder.frame
            let time = frame.pointee.best_effort_timestamp
            let step = clock.piece(
                at: time == seehear_nopts() ? nil : time,
                lasting: av_rescale(
                    Int64(frame.pointee.nb_samples), Int64(base.den),
                    Int64(max(base.num, 1)) * Int64(max(frame.pointee.sample_rate, 1))))
            if isFirst {
                isFirst = false
                skip = try align(frame, stream, zero)
            } else if case .silence(let ticks) = step, let gap = Fraction(ticks: ticks, of: base) {
                try flush(&skip)
                resampler = nil
                try appendSilence(gap.floor(times: rate), &skip)
            }
            let format = Resampler.Format(frame)
            if resampler?.source != format {
                try flush(&skip)
                guard Limits.sampleRates.contains(Int(format.rate)),
                    (1...Limits.channels).contains(Int(format.channels))
                else {
                    throw input.error(
                        .unsupported, "decode its audio", "\(format.channels) channels at \(format.rate) Hz",
                        "convert it with ffmpeg")
                }
                resampler = try Resampler(format, rate: rate, channels: channels, path: input.path)
            }
            if let resampler {
                try append(
                    resampler.convert(frame.pointee.extended_data, count: frame.pointee.nb_samples), &skip)
            }
        }
        if position < window.upperBound { try flush(&skip) }
        if isFirst, decoder.lastFailure < 0 { throw input.damaged("decode its audio", decoder.lastFailure) }
        dropPadding(stream, zero, frameSize: Int(decoder.context.pointee.frame_size))
    }

    /// Leaves out what the encoder appended to fill its last block. An mp4 says by its edit list where the audio ends, but
    /// FFmpeg's demuxer cuts there by whole packets only.
    private mutating func dropPadding(_ stream: UnsafeMutablePointer<AVStream>, _ zero: Fraction?, frameSize: Int) {
        let base = stream.pointee.time_base
        guard input.format.hasPrefix("mov"), frameSize > 1,
            let start = Fraction(ticks: stream.pointee.start_time, of: base),
            let length = Fraction(ticks: stream.pointee.duration, of: base), length > 0
        else { return }
        let end = (start - (zero ?? start) + length + Fraction(1, 2 * Int128(rate))).floor(times: rate)
        let excess = position - end
        // More than a block is no padding: the header is wrong then.
        let block = Fraction(Int128(frameSize), Int128(stream.pointee.codecpar.pointee.sample_rate)).ceil(times: rate)
        guard end > 0, excess > 0, excess <= block else { return }
        let surplus = min(max(min(position, window.upperBound) - max(end, window.lowerBound), 0), samples[0].count)
        for c in 0..<channels { samples[c].removeLast(surplus) }
        position = end
    }

    /// Puts silence before a track that begins late; returns the samples to leave out of one that begins early.
    private mutating func align(
        _ frame: UnsafeMutablePointer<AVFrame>, _ stream: UnsafeMutablePointer<AVStream>, _ zero: Fraction?
    ) throws(MediaError) -> Int {
        guard let zero, let time = Fraction(ticks: frame.pointee.best_effort_timestamp, of: stream.pointee.time_base)
        else { return 0 }
        let offset = (time - zero).floor(times: rate)
        guard offset > 0 else { return -offset }
        var none = 0
        try appendSilence(offset, &none)
        return 0
    }

    private mutating func appendSilence(_ count: Int, _ skip: inout Int) throws(MediaError) {
        guard count <= Limits.samples / channels else { throw tooLarge() }
        try append([[Float]](repeating: [Float](repeating: 0, count: count), count: channels), &skip)
    }

    private mutating func flush(_ skip: inout Int) throws(MediaError) {
        guard let resampler else { return }
        try append(resampler.convert(nil, count: 0), &skip)
    }

    private mutating func append(_ new: [[Float]], _ skip: inout Int) throws(MediaError) {
        var count = new[0].count
        let dropped = min(skip, count)
        skip -= dropped
        count -= dropped
        let from = max(window.lowerBound - position, 0)
        let to = min(window.upperBound - position, count)
        position += count
        guard from < to else { return }
        guard (samples[0].count + to - from) <= Limits.samples / channels else { throw tooLarge() }
        for c in 0..<channels { samples[c] += new[c][(dropped + from)..<(dropped + to)] }
    }

    private func tooLarge() -> MediaError {
        input.error(
            .tooLarge, "read its audio", "more than \(Limits.samples) samples", "cut it with start and duration")
    }
}
