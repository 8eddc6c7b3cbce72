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
    var maximumFrames: Int?

    /// Narrower or lower images are refused: nothing could be told from them.
    static let minimumPixels = 16

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
        // Paths are bytes: two that differ in their Unicode form only are equal texts and different files.
        let paths = Set(rows.filter(\.problems.isEmpty).compactMap { $0.input.map { Array($0.path.utf8) } })
            .map { String(decoding: $0, as: UTF8.self) }
        let (probe, hashes) = (probe, job.inputHash == .full)
        let results = ParallelMap.map(paths, threads: threads) { path in
            Self.look(at: path, probe: probe, hashing: hashes)
        }
        let files = Dictionary(uniqueKeysWithValues: zip(paths.map { Array($0.utf8) }, results))
        var problems: [RowProblem] = []
        let samples = rows.map { row in
            var sample = PlannedSample(
                index: 0, key: row.key, task: row.task, prompt: row.prompt,
                negativePrompt: row.negativePrompt ?? job.negativePrompt, input: nil,
                seed: row.seed ?? Seeds.seed(for: row.key, jobSeed: job.seed, mode: job.seedMode), duration: 0)
            var wrong = row.problems
            if wrong.isEmpty {
                do throws(RowProblem) {
                    sample = try filled(sample, from: row, files)
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
        _ sample: PlannedSample, from row: ManifestRow, _ files: [[UInt8]: Result<File, InputProbeError>]
    ) throws(RowProblem) -> PlannedSample {
        var sample = sample
        var media: ProbedInput?
        if let input = row.input {
            let file = try file(input, of: row, files)
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
        _ input: ManifestInput, of row: ManifestRow, _ files: [[UInt8]: Result<File, InputProbeError>]
    ) throws(RowProblem) -> File {
        func problem(_ kind: String, _ found: String, _ remedy: String) -> RowProblem {
            RowProblem(
                row: row.number, field: input.kind.rawValue, kind: .file, recordedKind: kind,
                found: "\(input.path)\(found)", remedy: remedy)
        }
        switch files[Array(input.path.utf8)] {
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
