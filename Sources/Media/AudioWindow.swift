package import ClipSampling

/// Audio that steers a generation: one window of any file with audio, as ImageBind listens to it.
package struct AudioWindow: Equatable, Sendable {
    /// What the window holds, for reports. Silence is no error here: whoever asked decides.
    package enum Kind: String, Sendable, CaseIterable, Codable {
        /// Something can be heard.
        case sound
        /// No sample of the file reaches ``silence``.
        case silence
    }

    /// ImageBind's rate, in samples per second.
    package static let sampleRate = 16_000
    /// −80 dB below full scale: a peak below counts as silence.
    package static let silence: Float = 1e-4

    /// Mono at ``sampleRate``, nominally −1…1, all finite, at least one.
    package let samples: [Float]
    /// The largest magnitude in what was read.
    package let peak: Float
    /// How many samples at the end are not the file's but filled up with zeros.
    package let padded: Int

    /// Whether there is something to hear.
    package var kind: Kind { peak < Self.silence ? .silence : .sound }

    /// Seconds, padding included.
    package var duration: Double { Double(samples.count) / Double(Self.sampleRate) }

    /// Reads a window of an audio file, or of a video's audio track, resampled and mixed to mono as ``AudioReader`` does.
    ///
    /// - Parameters:
    ///   - start: Seconds; from the first frame of the video where the file has one, else from the first sample.
    ///   - duration: Seconds; nil, or more than there is, means to the end.
    ///   - samples: Samples wanted: what is longer is cut, what is shorter is filled up with silence. Nil takes the window
    ///     as long as it is.
    /// - Throws: ``MediaError``, as ``AudioReader`` does; `outOfRange` also for a count below 1, `tooLarge` for one above
    ///   ``Limits/samples``, `corrupt` for samples that are not numbers.
    package static func read(
        _ path: String, start: Fraction = 0, duration: Fraction? = nil, samples: Int? = nil
    ) throws(MediaError) -> AudioWindow {
        if let samples, !(1...Limits.samples).contains(samples) {
            throw MediaError(
                samples < 1 ? .outOfRange : .tooLarge, file: path, doing: "cut its audio",
                found: "\(samples) samples wanted", remedy: "ask for 1 to \(Limits.samples)")
        }
        let most = samples.map { Fraction(Int128($0), Int128(sampleRate)) }
        let length = [duration, most].compactMap { $0 }.min()
        let audio = try AudioReader.read(path, sampleRate: sampleRate, channels: 1, start: start, duration: length)
        guard audio.isFinite else {
            throw MediaError(
                .corrupt, file: path, doing: "use its audio", found: "a sample is not a finite number",
                remedy: "the file is damaged, or was written by a faulty program: make it again")
        }
        var mono = audio.channels[0]
        let peak = mono.reduce(0) { max($0, abs($1)) }
        let padded = max((samples ?? 0) - mono.count, 0)
        mono += repeatElement(0, count: padded)
        return AudioWindow(samples: mono, peak: peak, padded: padded)
    }
}
