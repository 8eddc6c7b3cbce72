internal import ClipSampling
internal import AVAlign
internal import Media
internal import Method
internal import Networks
internal import Planning

/// What was read of a sample whose features are wanted.
struct FeatureInput: Sendable {
    /// What networks look at.
    var sample = FeatureSample()
    /// What AV-Align compares.
    var times: AVAlignTimes?
    /// What is known of it, with features that could not be taken.
    var record: FeatureRecord

    /// More frames are not looked at: they are in memory at once.
    static let mostFrames = 512
}

/// Reads samples.
struct FeatureReader: Sendable {
    let media: EvaluatedMedia
    let job: FeatureJob

    /// - Throws: ``SampleFailure`` where nothing of the sample can be read; what costs one feature alone stands in the record.
    func read(_ planned: EvaluatedSample) throws(SampleFailure) -> FeatureInput {
        var input = FeatureInput(record: FeatureRecord(side: planned.side, name: planned.name))
        let features = job.features(of: planned.side)
        let film = try planned.picture.map { place throws(SampleFailure) in try open(place, of: planned) }
        let sound =
            planned.sound == planned.picture
            ? film : try planned.sound.map { place throws(SampleFailure) in try open(place, of: planned) }
        if features.contains(where: \.isOfSound), let sound { try hear(sound, planned.sound?.window, &input) }
        if let film, let place = planned.picture {
            if features.contains(where: \.isOfFrames) { try see(film, place.window, &input) }
            for case .embedding(.video(let view)) in features { try look(film, place, view, &input) }
        }
        input.sample.caption = planned.prompt
        if features.contains(.peaks) {
            if planned.picture?.window == nil {
                times(film, sound, &input)
            } else {
                input.record.problems[Feature.peaks.description] = "AV-Align looks at whole files, and a part is listed"
            }
        }
        return input
    }

    private func open(
        _ place: EvaluatedSample.Place, of sample: EvaluatedSample
    ) throws(SampleFailure) -> EvaluatedMedia.Opened {
        do throws(EvaluatedMediaError) {
            return try media.open(place, of: sample)
        } catch {
            throw SampleFailure(error)
        }
    }

    private func hear(
        _ file: EvaluatedMedia.Opened, _ window: EvaluatedSample.Place.Window?, _ input: inout FeatureInput
    ) throws(SampleFailure) {
        do throws(MediaError) {
            let audio = try AudioReader.read(
                file.path, sampleRate: nil, start: window?.begin ?? 0, duration: window?.length)
            input.sample.sound = Waveform(rate: audio.sampleRate, channels: audio.channels)
            input.record.soundSeconds = audio.duration
            let peak = audio.channels.joined().reduce(Float(0)) { max($0, abs($1)) }
            input.record.peak = peak.isFinite ? Double(peak) : nil
            input.record.isSilent = peak < AudioWindow.silence
        } catch {
            throw SampleFailure(error, in: file)
        }
    }

    private func see(
        _ file: EvaluatedMedia.Opened, _ window: EvaluatedSample.Place.Window?, _ input: inout FeatureInput
    ) throws(SampleFailure) {
        func named<Value>(_ read: () throws(MediaError) -> Value) throws(SampleFailure) -> Value {
            do throws(MediaError) {
                return try read()
            } catch {
                throw SampleFailure(error, in: file)
            }
        }
        let reader = try named { () throws(MediaError) in
            try VideoReader(path: file.path, start: window?.begin ?? 0, duration: window?.length)
        }
        var shown = Array(reader.times.indices)
        if let rate = window?.rate.flatMap(Fraction.init(asWritten:)) {
            shown = ClipTimes.frames(
                times: reader.times, duration: reader.duration, rate: rate, ticks: window?.frames ?? .max)
        }
        input.record.frames = shown.count
        input.record.frameRate = reader.frameRate?.double
        input.record.filmSeconds = reader.duration
        guard shown.count <= FeatureInput.mostFrames else {
            throw SampleFailure(
                kind: MediaError.Kind.tooLarge.rawValue,
                message:
                    "\(file.name) has \(shown.count) frames, and at most \(FeatureInput.mostFrames) are looked at; cut it."
            )
        }
        input.sample.frames = try named { () throws(MediaError) in
            try reader.frames(at: shown)
        }
    }

    /// What ImageBind is shown.
    private func look(
        _ file: EvaluatedMedia.Opened, _ place: EvaluatedSample.Place, _ view: BindInput.VideoView,
        _ input: inout FeatureInput
    ) throws(SampleFailure) {
        do throws(MediaError) {
            guard !place.isPicture else {
                input.sample.seen[view] = .picture(try ImageReader.read(file.path))
                return
            }
            let reader = try VideoReader(
                path: file.path, start: place.window?.begin ?? 0, duration: place.window?.length)
            let clips: [[Int]]
            switch view {
            case .loop:
                let settings = ClipSettings.imageBind
                clips = reader.clipFrames(
                    clipDuration: settings.clipDuration, clips: settings.clips(in: reader.duration),
                    perClip: settings.framesPerClip)
            case .imagebind: clips = reader.clipFrames(clipDuration: 2, clips: 5, perClip: 2)
            case .avBenchmark(let seconds):
                // A frame every two seconds; the whole of what is looked at has to be there.
                let needed = Int(seconds / 2)
                let shown = ClipTimes.frames(
                    times: reader.times, duration: reader.duration, rate: Fraction(1, 2), ticks: needed)
                guard shown.count == needed, needed > 1 else {
                    input.record.problems[Feature.embedding(.video(view)).description] =
                        "\(FeatureInputError.filmTooShort(seconds: reader.duration, needed: max(seconds, 4)))"
                    return
                }
                clips = zip(shown, shown.dropFirst()).map { [$0, $1] }
            }
            let frames = try reader.frames(at: clips.flatMap { $0 })
            var next = frames.makeIterator()
            input.sample.seen[view] = .clips(clips.map { clip in clip.compactMap { _ in next.next() } })
        } catch {
            throw SampleFailure(error, in: file)
        }
    }

    private func times(
        _ film: EvaluatedMedia.Opened?, _ sound: EvaluatedMedia.Opened?, _ input: inout FeatureInput
    ) {
        guard let film, let sound else {
            input.record.problems[Feature.peaks.description] = film == nil ? "it has no film" : "it has no sound"
            return
        }
        do throws(MediaError) {
            input.times = try AVAlignTimes(video: film.path, sound: sound.path)
        } catch {
            // The other features do not need what this one lacks.
            input.record.problems[Feature.peaks.description] = film.named(sound.named("\(error)"))
        }
    }
}
