import ClipSampling
internal import Method
import Planning

/// How long a sample is, and which window of its input is read.
struct SampleTime {
    /// Of the output.
    let extent: SampleExtent
    /// Of the input, in seconds; nil where there is none, and for images.
    let window: (start: Double, duration: Double)?

    /// Shorter clips, and windows with less in them, are refused; in seconds.
    static let minimumSeconds = 0.1
    /// Containers round; a window may pass the clip's end by this, in seconds.
    static let tolerance = 0.05

    /// - Parameters:
    ///   - media: the row's file; nil for a row without.
    ///   - sampling: of the row's task.
    ///   - maximumFrames: of a video; nil where it is not known.
    init(
        _ row: ManifestRow, _ media: ProbedInput?, _ sampling: SamplingSettings, maximumFrames: Int?
    ) throws(RowProblem) {
        let rules = Rules(row: row, sampling: sampling)
        let span = try media.map { media throws(RowProblem) in try rules.span(of: media) } ?? nil
        if let coupled = sampling.coupled {
            if row.duration != nil {
                throw RowProblem(
                    row: row.number, field: "duration", kind: .file, recordedKind: "outOfRange",
                    found: "task mm makes \(coupled.model.duration) s, as its model was trained",
                    remedy: "leave it out")
            }
            extent = SampleExtent(duration: coupled.model.duration, frames: coupled.model.frames)
            window = nil
        } else if let length = sampling.video?.length {
            let timeline = try rules.timeline(length, maximumFrames)
            extent = SampleExtent(duration: timeline.duration, frames: timeline.frames)
            // Audio that ends before the video does is padded.
            window = span.map { rules.window($0, timeline.duration) }
        } else if sampling.video != nil {
            extent = SampleExtent(duration: 0, frames: 1)
            window = try span.map { span throws(RowProblem) in
                rules.window(span, try rules.limited(row.duration ?? span.available, "the window"))
            }
        } else {
            extent = SampleExtent(duration: try rules.duration(available: span?.available), frames: nil)
            window = span.map { span in
                // A key frame is looked for in all of the clip, whatever the length of the audio.
                let whole = row.task == .i2a || sampling.audio?.duration == .source ? span.available : nil
                return rules.window(span, row.duration ?? whole ?? rules.fixedDuration ?? 0)
            }
        }
        if row.task == .i2a, let window { _ = try rules.limited(window.duration, "the window") }
    }
}

/// The rules for one row.
private struct Rules {
    let row: ManifestRow
    let sampling: SamplingSettings

    /// What is there to be read of a file.
    struct Span {
        let start: Double
        /// From there to the file's end; nil where the file does not tell its length.
        let available: Double?
    }

    /// The job's own length of audio.
    var fixedDuration: Double? {
        if case .seconds(let seconds) = sampling.audio?.duration { seconds } else { nil }
    }

    /// Where reading begins, checked against the file's length; nil for images.
    func span(of media: ProbedInput) throws(RowProblem) -> Span? {
        guard let kind = row.input?.kind, kind != .image else { return nil }
        let start = row.start ?? 0
        let isAudio = kind == .audio
        guard let length = isAudio ? media.audioDuration : media.duration else {
            return Span(start: start, available: nil)
        }
        let what = isAudio ? "audio" : "clip"
        guard length >= SampleTime.minimumSeconds else {
            throw problem(
                kind.rawValue, "tooShort", "the \(what) of \(row.input?.path ?? "") lasts \(Self.short(length)) s",
                "it must last at least \(SampleTime.minimumSeconds) s")
        }
        guard start <= length - SampleTime.minimumSeconds else {
            throw problem(
                "start", "outOfRange",
                "it lies at \(Self.short(start)) s and the \(what) ends at \(Self.short(length)) s",
                "start at least \(SampleTime.minimumSeconds) s before the end")
        }
        // Only a video may outlast the audio that steers it.
        if !row.task.makesVideo, let wanted = row.duration, start + wanted > length + SampleTime.tolerance {
            throw problem(
                "duration", "outOfRange",
                "the window ends at \(Self.short(start + wanted)) s and the \(what) at \(Self.short(length)) s",
                "end it with the \(what)")
        }
        return Span(start: start, available: length - start)
    }

    /// A window as long as asked, or to the file's end.
    func window(_ span: Span, _ asked: Double) -> (start: Double, duration: Double) {
        (span.start, min(asked, span.available ?? asked))
    }

    /// The length of audio: the row's, else the job's, else the clip's rounded up.
    func duration(available: Double?) throws(RowProblem) -> Double {
        if row.duration == nil, let fixedDuration { return fixedDuration }
        let whole = available.map { max(1, ($0 - SampleTime.tolerance).rounded(.up)) }
        return try limited(row.duration ?? whole, "the sample")
    }

    /// The frames and rate of a video.
    func timeline(_ length: VideoLength, _ most: Int?) throws(RowProblem) -> Timeline {
        let rate = length.rate
        guard let duration = row.duration else { return Timeline(frames: length.frames, rate: rate) }
        let timeline = Timeline(
            lasting: Fraction(asWritten: try limited(duration, "the sample")) ?? 1, rate: rate)
        if let most, timeline.frames > most {
            throw problem(
                "duration", "outOfRange",
                "\(Self.short(duration)) s at \(Self.short(length.fps)) fps are \(timeline.frames) frames and "
                    + "models.motion has positions for \(most)",
                "give at most \(Self.short(Double(most) / length.fps)) s, or lower sampling.fps")
        }
        return timeline
    }

    /// A length that is there, and no longer than the job allows.
    func limited(_ seconds: Double?, _ what: String) throws(RowProblem) -> Double {
        guard let seconds else {
            let remedy = row.task.makesAudio ? ", or the job sampling.duration in seconds" : ""
            throw problem(
                "duration", "noDuration", "is missing, and the input does not tell its length",
                "give the row a duration\(remedy)")
        }
        let most = sampling.maxDuration
        guard seconds <= most else {
            throw problem(
                "duration", "noDuration",
                "\(what) would last \(Self.short(seconds)) s, longer than sampling.max_duration \(Self.short(most)) s",
                "give the row a start and a shorter duration, or raise sampling.max_duration")
        }
        return seconds
    }

    private func problem(_ field: String, _ kind: String, _ found: String, _ remedy: String) -> RowProblem {
        RowProblem(row: row.number, field: field, kind: .file, recordedKind: kind, found: found, remedy: remedy)
    }

    private static func short(_ seconds: Double) -> String {
        let rounded = (seconds * 1000).rounded() / 1000
        return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
    }
}
