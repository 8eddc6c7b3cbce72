internal import ClipSampling
internal import Files
internal import Media
internal import Planning

/// Reads what of a sample is exported, and sees whether it does.
struct SampleReading {
    private let media = EvaluatedMedia()
    /// Sounds and videos have to be this long, in seconds; nil: any length does.
    let least: Double?

    /// A sound as a wav file of 16-bit integers, with the rate and the channels that it has.
    /// - Throws: ``LeftOut``; ``ExportError/unwritable(name:_:)`` and `MediaError` for what is not the sample's fault.
    func wav(_ sample: EvaluatedSample) throws -> [UInt8] {
        guard let place = sample.sound else { throw LeftOut(sample.name, .noSound) }
        let file = try open(place, of: sample, or: .unreadable)
        return try reading(file, of: sample, or: .unreadable) { () throws(MediaError) in
            let audio = try AudioReader.read(
                file.path, sampleRate: nil, start: place.window?.begin ?? 0, duration: place.window?.length)
            if let short = tooShort(audio.duration) {
                return .failure(LeftOut(sample.name, .short, "\(Self.side(sample))the sound has \(short)"))
            }
            return .success(try AudioWriter.encode(audio, as: .wav))
        }
    }

    /// A sample's mp4, opened; its frames can be found, and are enough.
    /// - Throws: as ``wav(_:)``.
    func film(_ sample: EvaluatedSample) throws -> EvaluatedMedia.Opened {
        guard let place = sample.picture else { throw LeftOut(sample.name, .filmMissing) }
        guard place.window == nil else {
            throw LeftOut(
                sample.name, .filmUnreadable,
                "\(Self.side(sample))a part of \(place.path) is listed, and films are copied whole: cut it, and name the folder"
            )
        }
        let file = try open(place, of: sample, or: .filmUnreadable)
        return try reading(file, of: sample, or: .filmUnreadable) { () throws(MediaError) in
            let reader = try VideoReader(path: file.path)
            if let short = tooShort(reader.duration) {
                return .failure(LeftOut(sample.name, .filmShort, "\(Self.side(sample))it has \(short)"))
            }
            return .success(file)
        }
    }

    private func tooShort(_ seconds: Double) -> String? {
        guard let least, seconds < least else { return nil }
        return "\(Self.text(seconds)) s of \(Self.text(least)) s"
    }

    private func open(
        _ place: EvaluatedSample.Place, of sample: EvaluatedSample, or reason: LeftOut.Reason
    ) throws -> EvaluatedMedia.Opened {
        do throws(EvaluatedMediaError) {
            return try media.open(place, of: sample)
        } catch {
            if case .noRoom(let error) = error { throw ExportError.unwritable(name: sample.name, error) }
            throw LeftOut(sample.name, reason, Self.side(sample) + "\(error)")
        }
    }

    private func reading<Value>(
        _ file: EvaluatedMedia.Opened, of sample: EvaluatedSample, or reason: LeftOut.Reason,
        _ read: () throws(MediaError) -> Result<Value, LeftOut>
    ) throws -> Value {
        let result: Result<Value, LeftOut>
        do throws(MediaError) {
            result = try read()
        } catch {
            // What a library ran out of is not the sample's fault.
            if error.kind == .failed { throw error }
            let sentence = error.file.isEmpty ? "\(file.name): \(error)" : file.named("\(error)")
            throw LeftOut(sample.name, reason, Self.side(sample) + sentence)
        }
        return try result.get()
    }

    private static func side(_ sample: EvaluatedSample) -> String {
        sample.side == .reference ? "in the reference, " : ""
    }

    /// A number without a zero behind its point.
    static func text(_ seconds: Double) -> String {
        seconds == seconds.rounded() && abs(seconds) < 1e9 ? "\(Int(seconds))" : "\(seconds)"
    }
}
