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
        if features.contains(where: \.isOfSound), let sound { try hear(sound, &input) }
        if features.contains(where: \.isOfFrames), let film { try see(film, &input) }
        if features.contains(.peaks) { times(film, sound, &input) }
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

    private func hear(_ file: EvaluatedMedia.Opened, _ input: inout FeatureInput) throws(SampleFailure) {
        do throws(MediaError) {
            let audio = try AudioReader.read(file.path, sampleRate: nil)
            input.sample.sound = Waveform(rate: audio.sampleRate, channels: audio.channels)
            input.record.soundSeconds = audio.duration
            let peak = audio.channels.joined().reduce(Float(0)) { max($0, abs($1)) }
            input.record.peak = peak.isFinite ? Double(peak) : nil
            input.record.isSilent = peak < AudioWindow.silence
        } catch {
            throw SampleFailure(error, in: file)
        }
    }

    private func see(_ file: EvaluatedMedia.Opened, _ input: inout FeatureInput) throws(SampleFailure) {
        func named<Value>(_ read: () throws(MediaError) -> Value) throws(SampleFailure) -> Value {
            do throws(MediaError) {
                return try read()
            } catch {
                throw SampleFailure(error, in: file)
            }
        }
        let reader = try named { () throws(MediaError) in try VideoReader(path: file.path) }
        input.record.frames = reader.times.count
        input.record.frameRate = reader.frameRate?.double
        input.record.filmSeconds = reader.duration
        guard reader.times.count <= FeatureInput.mostFrames else {
            throw SampleFailure(
                kind: MediaError.Kind.tooLarge.rawValue,
                message:
                    "\(file.name) has \(reader.times.count) frames, and at most \(FeatureInput.mostFrames) are looked at; cut it."
            )
        }
        input.sample.frames = try named { () throws(MediaError) in
            try reader.frames(at: Array(reader.times.indices))
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
