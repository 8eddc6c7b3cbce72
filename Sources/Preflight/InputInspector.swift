internal import Files
internal import Method
import Planning

/// Checks the files that manifest rows name, and plans each sample with its window and length.
struct InputInspector {
    let job: Job
    let probe: any InputProbe
    /// Files that are looked at at once.
    let threads: Int
    /// The most frames of a video; nil where it is not known.
    let maximumFrames: Int?

    /// Narrower or lower images are refused: nothing could be told from them.
    static let minimumPixels = 16

    /// What is known of one file.
    private struct File: Sendable {
        let media: ProbedInput
        let identity: FileIdentity
    }

    private typealias Look = Result<File, InputProbeError>

    /// How many rows will still name a file that several do.
    private var uses: [TextFingerprint: Int]
    private let seeds: SampleSeeds
    /// What was found of those files.
    private var seen: [TextFingerprint: Look] = [:]

    /// - Parameters:
    ///   - maximumFrames: of a video; nil where it is not known.
    ///   - uses: how many usable rows name each file that more than one names.
    ///   - seeds: of the rows.
    init(
        job: Job, probe: any InputProbe, threads: Int, maximumFrames: Int?, uses: [TextFingerprint: Int],
        seeds: SampleSeeds
    ) {
        self.job = job
        self.probe = probe
        self.threads = threads
        self.maximumFrames = maximumFrames
        self.uses = uses
        self.seeds = seeds
    }

    /// Plans the next rows of the manifest; rows with problems become samples with an error.
    ///
    /// A file that several rows name is looked at once, and forgotten after the last of them.
    /// - Returns: a sample for each row, and the problem that was found here.
    mutating func samples(of rows: [ManifestRow]) -> [(sample: PlannedSample, problem: RowProblem?)] {
        let files = rows.map { row in row.problems.isEmpty ? row.input.map { TextFingerprint($0.path) } : nil }
        let looks = look(at: rows, files)
        for case let file? in files {
            guard let left = uses[file] else { continue }
            uses[file] = left - 1
            if left == 1 { seen[file] = nil }
        }
        return zip(rows, files).map { row, file in plan(row, file.flatMap { looks[$0] }) }
    }

    /// What is found in the files that the rows name.
    private mutating func look(at rows: [ManifestRow], _ files: [TextFingerprint?]) -> [TextFingerprint: Look] {
        var looks: [TextFingerprint: Look] = [:]
        var unknown: [TextFingerprint: String] = [:]
        for case (let path?, let file?) in zip(rows.map(\.input?.path), files) {
            if let look = seen[file] { looks[file] = look } else { unknown[file] = path }
        }
        let (probe, hashes) = (probe, job.inputHash == .full)
        let found = ParallelMap.map(unknown.sorted { ExactText($0.value) < ExactText($1.value) }, threads: threads) {
            (file: $0.key, look: Self.look(at: $0.value, probe: probe, hashing: hashes))
        }
        for (file, look) in found {
            looks[file] = look
            if uses[file] != nil { seen[file] = look }
        }
        return looks
    }

    /// - Parameter look: what was found in the row's file; nil where it names none.
    private func plan(_ row: ManifestRow, _ look: Look?) -> (sample: PlannedSample, problem: RowProblem?) {
        let seed = seeds.seed(of: row)
        var sample = PlannedSample(
            index: 0, key: row.key, task: row.task, prompt: row.prompt,
            negativePrompt: row.negativePrompt ?? job.negativePrompt, input: nil,
            seed: seed, audioSeed: row.task == .joint ? Seeds.audio(beside: seed) : nil, duration: 0)
        var wrong = row.problems
        var problem: RowProblem?
        if wrong.isEmpty {
            do throws(RowProblem) {
                sample = try filled(sample, from: row, look)
            } catch {
                problem = error
                wrong = [error]
            }
        }
        if let first = wrong.first {
            sample.input = row.input.map { PlannedInput(kind: $0.kind, path: $0.path, bytes: 0) }
            sample.error = PlannedError(
                kind: first.recordedKind, message: wrong.map(\.description).joined(separator: "; "))
        }
        return (sample, problem)
    }

    private static func look(
        at path: String, probe: any InputProbe, hashing: Bool
    ) -> Look {
        do throws(InputProbeError) {
            let media = try probe.probe(path)
            let identity: FileIdentity
            do throws(FileError) {
                identity = try FileIdentity(path: path, hashing: hashing)
            } catch {
                throw InputProbeError(
                    kind: "unreadable", found: error.reason, remedy: "check the path and its permissions")
            }
            return .success(File(media: media, identity: identity))
        } catch {
            return .failure(error)
        }
    }

    private func filled(
        _ sample: PlannedSample, from row: ManifestRow, _ look: Look?
    ) throws(RowProblem) -> PlannedSample {
        var sample = sample
        var media: ProbedInput?
        if let input = row.input {
            let file = try file(input, of: row, look)
            media = file.media
            var planned = PlannedInput(kind: input.kind, path: input.path, bytes: file.identity.bytes)
            planned.sha256 = file.identity.sha256
            planned.modified = file.identity.sha256 == nil ? file.identity.modified : nil
            sample.input = planned
        }
        let time = try SampleTime(
            row, media, job.settings(for: row.task).sampling, maximumFrames: maximumFrames)
        sample.duration = time.extent.duration
        sample.frames = time.extent.frames
        sample.input?.start = time.window?.start
        sample.input?.duration = time.window?.duration
        return sample
    }

    private func file(
        _ input: ManifestInput, of row: ManifestRow, _ look: Look?
    ) throws(RowProblem) -> File {
        func problem(_ kind: String, _ found: String, _ remedy: String) -> RowProblem {
            RowProblem(
                row: row.number, field: input.kind.rawValue, kind: .file, recordedKind: kind,
                found: "\(input.path)\(found)", remedy: remedy)
        }
        switch look {
        case .success(let file):
            if let (kind, found, remedy) = Self.unfit(file.media, as: input.kind) {
                throw problem(kind, ": \(found)", remedy)
            }
            return file
        case .failure(let error): throw problem(error.kind, ": \(error.found)", error.remedy)
        case nil: throw problem("notFound", " was not looked at", "plan again")
        }
    }

    private static func unfit(_ media: ProbedInput, as kind: InputKind) -> (
        kind: String, found: String, remedy: String
    )? {
        switch kind {
        case .audio:
            if let fault = media.audioFault { return (fault.kind, fault.found, fault.remedy) }
            if !media.hasAudio { return ("noAudioStream", "it has no audio", "give a file with an audio stream") }
        case .video, .image:
            if let fault = media.videoFault { return (fault.kind, fault.found, fault.remedy) }
            guard let width = media.width, let height = media.height else {
                return ("noVideoStream", "it has no video", "give a file with a video stream")
            }
            if kind == .video, media.isImage {
                return ("wrongMedia", "it is a still image", "name it as image, with task i2a")
            }
            if kind == .image, !media.isImage {
                return ("wrongMedia", "it is a video", "name it as video: a key frame is chosen")
            }
            if min(width, height) < minimumPixels {
                let least = "\(minimumPixels)×\(minimumPixels)"
                return ("invalidDimensions", "it has \(width)×\(height) pixels", "an image needs at least \(least)")
            }
        }
        return nil
    }
}
