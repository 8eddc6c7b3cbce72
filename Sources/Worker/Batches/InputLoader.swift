internal import ClipSampling
internal import Coordinator
internal import Engine
internal import Files
internal import Media
internal import Method
internal import Planning
internal import Synchronization

/// Reads what steers a sample from its file, as the binder looks at it. The file is held to what was planned before it is
/// read, and again afterwards.
final class InputLoader: Sendable {
    private let job: Job
    /// How files looked when they were last seen to be the planned ones, so that one that many samples share is hashed once.
    private let known = Mutex<[ExactText: FileStamp]>([:])
    /// So many are remembered.
    private static let most = 1024

    init(job: Job) { self.job = job }

    /// - Throws: `MediaError`, or ``SampleFailure`` for a file that is not the planned one, or an input that this task has no
    ///   use for.
    func load(_ sample: PlannedSample) throws -> SampleInput {
        guard let input = sample.input else { return try read(sample) }
        var (loaded, stamp) = try held(input) { try read(sample) }
        loaded.stamp = stamp
        return loaded
    }

    /// The picture of a row, or the frame that stands for its video.
    /// - Throws: as ``load(_:)``.
    func picture(_ sample: PlannedSample) throws -> (image: Image, facts: SampleInput.Facts) {
        guard let input = sample.input else {
            throw SampleFailure(kind: "noInput", message: "the plan names no file for '\(sample.key)'.")
        }
        return try held(input) {
            input.kind == .image ? (try ImageReader.read(input.path), SampleInput.Facts()) : try keyFrame(input)
        }.value
    }

    /// What is read of a file that is the planned one before and afterwards.
    private func held<Value>(
        _ input: PlannedInput, _ read: () throws -> Value
    ) throws -> (value: Value, stamp: FileStamp?) {
        let stamp = try check(input, since: known.withLock { $0[ExactText(input.path)] })
        do {
            let value = try read()
            return (value, try check(input, since: stamp))
        } catch {
            // A file that was changed meanwhile reads like a broken one.
            _ = try check(input, since: stamp)
            throw error
        }
    }

    /// Looks whether the file that steers a sample is still the one that was read.
    /// - Throws: ``SampleFailure``.
    func confirm(_ sample: PlannedSample, _ loaded: SampleInput) throws {
        guard let input = sample.input else { return }
        _ = try check(input, since: loaded.stamp)
    }

    private func check(_ input: PlannedInput, since stamp: FileStamp?) throws(SampleFailure) -> FileStamp {
        let claim = FileClaim(path: input.path, bytes: input.bytes, sha256: input.sha256, modified: input.modified)
        do throws(FileClaimError) {
            let stamp = if let stamp { try claim.check(since: stamp) } else { try claim.check() }
            known.withLock { known in
                if known.count >= Self.most { known.removeAll() }
                known[ExactText(input.path)] = stamp
            }
            return stamp
        } catch {
            known.withLock { $0[ExactText(input.path)] = nil }
            throw SampleFailure(error)
        }
    }

    private func read(_ sample: PlannedSample) throws -> SampleInput {
        guard let input = sample.input else {
            guard sample.task.inputKinds.isEmpty else {
                throw SampleFailure(kind: "noInput", message: "the plan names no file for '\(sample.key)'.")
            }
            return SampleInput(condition: nil)
        }
        switch input.kind {
        case .image:
            let image = try ImageReader.read(input.path)
            return SampleInput(condition: .image(image), captioned: asksModel(sample) ? .image(image) : nil)
        case .video where sample.task == .i2a:
            let (image, facts) = try keyFrame(input)
            return SampleInput(
                condition: .image(image), facts: facts, captioned: asksModel(sample) ? .image(image) : nil)
        case .video:
            var loaded = SampleInput(condition: .clips(try clips(input, duration: sample.duration)))
            if asksModel(sample) {
                let (image, facts) = try keyFrame(input)
                (loaded.captioned, loaded.facts) = (.image(image), facts)
            }
            return loaded
        case .audio: return try audio(sample, input)
        }
    }

    private func clips(_ input: PlannedInput, duration: Double) throws -> [[Image]] {
        let reader = try VideoReader(path: input.path, start: input.from, duration: input.length)
        let clips = reader.clipFrames(
            clipDuration: job.clips.clipDuration, clips: job.clips.clips(in: duration),
            perClip: job.clips.framesPerClip)
        let frames = try reader.frames(at: clips.flatMap { $0 })
        var next = 0
        return clips.map { clip in
            defer { next += clip.count }
            return Array(frames[next..<next + clip.count])
        }
    }

    /// Whether a captioner is asked what the sample is of.
    private func asksModel(_ sample: PlannedSample) -> Bool { job.caption == .model && sample.prompt == nil }

    private func keyFrame(_ input: PlannedInput) throws -> (image: Image, facts: SampleInput.Facts) {
        if job.keyFrames == .katna {
            let found = try KatnaFrames.choose(path: input.path, start: input.from, duration: input.length)
            if let place = found.place, let image = found.image {
                let time = found.candidates[place].time.double
                return (image, SampleInput.Facts(keyFrame: time, keyFrameRule: .katna))
            }
        }
        let chosen = try KeyFrames.choose(path: input.path, start: input.from, duration: input.length)
        let rule: KeyFrameRule? = job.keyFrames == nil ? nil : .seehear
        return (chosen.image, SampleInput.Facts(keyFrame: chosen.time.double, keyFrameRule: rule))
    }

    private func audio(_ sample: PlannedSample, _ input: PlannedInput) throws -> SampleInput {
        let rate = GenerationPipeline.samplingRate
        let window = try AudioWindow.read(
            input.path, start: input.from, duration: input.length,
            samples: job.settings(for: sample.task).sampling.timeline(of: sample.extent)?.samples(rate: rate))
        guard window.kind == .sound || job.silence == .allow else {
            throw SampleFailure(
                kind: "silentInput",
                message:
                    "the audio of \(input.path) is silent in its window (peak \(window.peak)): it can steer nothing; set `silence: allow` to use it all the same."
            )
        }
        return SampleInput(
            condition: .audio(window.samples, clips: job.clips.clips(in: window.duration)),
            facts: SampleInput.Facts(
                padded: window.padded > 0 ? Double(window.padded) / Double(rate) : nil, peak: window.peak),
            captioned: asksModel(sample) ? .audio(window.samples) : nil)
    }
}

extension PlannedInput {
    /// Where the window begins.
    var from: Fraction { start.flatMap(Fraction.init(asWritten:)) ?? 0 }
    /// How long the window is; nil: to the end.
    var length: Fraction? { duration.flatMap(Fraction.init(asWritten:)) }
}
