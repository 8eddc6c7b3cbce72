import Coordinator

/// Checks the files that manifest rows name, and works out each sample's window and length.
struct InputInspector {
    let job: Job
    let probe: any InputProbe
    /// Files that are looked at at once.
    let threads: Int

    /// Narrower or lower pictures are refused: nothing could be told from them.
    static let minimumPixels = 16
    /// Shorter clips are refused, in seconds.
    static let minimumSeconds = 0.1
    /// Containers round; a window may pass the clip's end by this, in seconds.
    static let tolerance = 0.05

    /// What is known of one file.
    private struct File: Sendable {
        let media: ProbedInput
        let identity: FileIdentity
    }

    /// Plans every row; rows with problems become samples with an error.
    ///
    /// A file that several rows name is looked at once.
    /// - Returns: The samples in the manifest's order, and the problems found here.
    func samples(of rows: [ManifestRow]) -> (samples: [PlannedSample], problems: [RowProblem]) {
        let paths = Set(rows.filter(\.problems.isEmpty).compactMap { $0.input?.path }).sorted()
        let (probe, hashes) = (probe, job.inputHash == .full)
        let results = ParallelMap.map(paths, threads: threads) { path in
            Self.look(at: path, probe: probe, hashing: hashes)
        }
        let files = Dictionary(uniqueKeysWithValues: zip(paths, results))
        var problems: [RowProblem] = []
        let samples = rows.map { row in
            var sample = PlannedSample(
                index: 0, key: row.key, task: row.task, prompt: row.prompt,
                negativePrompt: row.negativePrompt ?? job.negativePrompt, input: nil,
                seed: row.seed ?? Seeds.seed(for: row.key, jobSeed: job.seed, mode: job.seedMode), durationSeconds: 0)
            var wrong = row.problems
            if wrong.isEmpty {
                do throws(RowProblem) {
                    try fill(&sample, from: row, files)
                } catch {
                    problems.append(error)
                    wrong = [error]
                }
            }
            if let first = wrong.first {
                let place = row.input.map { PlannedInput(kind: $0.kind, path: $0.path, bytes: 0) }
                sample.input = place
                sample.error = PlannedError(
                    kind: first.recordedKind, message: wrong.map(\.description).joined(separator: "; "))
            }
            return sample
        }
        return (samples, problems)
    }

    private static func look(
        at path: String, probe: any InputProbe, hashing: Bool
    ) -> Result<File, InputProbeError> {
        do throws(InputProbeError) {
            let media = try probe.probe(path)
            let identity: FileIdentity
            do throws(FileIdentity.Failure) {
                identity = try FileIdentity(path: path, hashing: hashing)
            } catch {
                throw InputProbeError(
                    kind: "unreadable", found: error.text, remedy: "check the path and its permissions")
            }
            return .success(File(media: media, identity: identity))
        } catch {
            return .failure(error)
        }
    }

    private func fill(
        _ sample: inout PlannedSample, from row: ManifestRow, _ files: [String: Result<File, InputProbeError>]
    ) throws(RowProblem) {
        guard let input = row.input else {
            sample.durationSeconds = try seconds(row, available: nil)
            return
        }
        func problem(_ field: String, _ kind: String, _ found: String, _ remedy: String) -> RowProblem {
            RowProblem(row: row.number, field: field, kind: .file, recordedKind: kind, found: found, remedy: remedy)
        }
        let column = input.kind.rawValue
        let file: File
        switch files[input.path] {
        case .success(let found): file = found
        case .failure(let error):
            throw problem(column, error.kind, "\(input.path): \(error.found)", error.remedy)
        case nil: throw problem(column, "notFound", "\(input.path) was not looked at", "plan again")
        }
        if let (kind, found, remedy) = Self.unfit(file.media, as: input.kind) {
            throw problem(column, kind, "\(input.path): \(found)", remedy)
        }
        var planned = PlannedInput(kind: input.kind, path: input.path, bytes: file.identity.bytes)
        planned.sha256 = file.identity.sha256
        planned.modified = file.identity.sha256 == nil ? file.identity.modified : nil
        if input.kind == .image {
            sample.durationSeconds = try seconds(row, available: nil)
        } else {
            let start = row.start ?? 0
            if let length = file.media.duration {
                guard length >= Self.minimumSeconds else {
                    throw problem(
                        column, "tooShort", "\(input.path) lasts \(Self.short(length)) s",
                        "a clip must last at least \(Self.minimumSeconds) s")
                }
                guard start <= length - Self.minimumSeconds else {
                    throw problem(
                        "start", "outOfRange",
                        "it lies at \(Self.short(start)) s and the clip ends at \(Self.short(length)) s",
                        "start before the end")
                }
                if let wanted = row.duration, start + wanted > length + Self.tolerance {
                    throw problem(
                        "duration", "outOfRange",
                        "the window ends at \(Self.short(start + wanted)) s and the clip at \(Self.short(length)) s",
                        "end it with the clip")
                }
            }
            let available = file.media.duration.map { $0 - start }
            sample.durationSeconds = try seconds(row, available: available)
            planned.start = start
            let asked = row.duration ?? (job.sampling.duration == .source ? available : nil) ?? sample.durationSeconds
            planned.duration = min(asked, available ?? asked)
        }
        sample.input = planned
    }

    /// The output's length: the row's, else the job's, else the clip's rounded up.
    private func seconds(_ row: ManifestRow, available: Double?) throws(RowProblem) -> Double {
        func problem(_ found: String, _ remedy: String) -> RowProblem {
            RowProblem(
                row: row.number, field: "duration", kind: .file, recordedKind: "noDuration", found: found,
                remedy: remedy)
        }
        let most = job.sampling.maxDuration
        var seconds = row.duration
        if seconds == nil, case .seconds(let fixed) = job.sampling.duration { return fixed }
        if seconds == nil, let available {
            seconds = max(1, (available - Self.tolerance).rounded(.up))
        }
        guard let seconds else {
            throw problem(
                "is missing, and the input does not tell its length",
                "give the row a duration, or the job sampling.duration in seconds")
        }
        guard seconds <= most else {
            throw problem(
                "the sample would last \(Self.short(seconds)) s, longer than sampling.max_duration \(Self.short(most)) s",
                "give the row a start and a shorter duration, or raise sampling.max_duration")
        }
        return seconds
    }

    private static func unfit(_ media: ProbedInput, as kind: InputKind) -> (
        kind: String, found: String, remedy: String
    )? {
        switch kind {
        case .audio:
            if !media.hasAudio { return ("noAudioStream", "it has no sound", "give a file with a sound track") }
        case .video, .image:
            guard let width = media.width, let height = media.height else {
                return ("noVideoStream", "it has no picture", "give a file with a video stream")
            }
            if kind == .video, media.isImage {
                return ("wrongMedia", "it is a still picture", "name it as image, with task i2a")
            }
            if kind == .image, !media.isImage {
                return ("wrongMedia", "it is a moving picture", "name it as video, with task v2a")
            }
            if min(width, height) < minimumPixels {
                let least = "\(minimumPixels)×\(minimumPixels)"
                return ("invalidDimensions", "it has \(width)×\(height) pixels", "a picture needs at least \(least)")
            }
        }
        return nil
    }

    private static func short(_ seconds: Double) -> String {
        let rounded = (seconds * 1000).rounded() / 1000
        return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
    }
}
