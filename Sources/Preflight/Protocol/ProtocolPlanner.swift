internal import Files
internal import Foundation
internal import JSON
package import Method
package import Planning

/// Chooses the samples of a protocol from the user's copy of the data, and writes what generating and evaluating them needs.
package struct ProtocolPlanner: Sendable {
    private let inputs: any InputProbe
    private let threads: Int

    package init(inputs: any InputProbe, threads: Int = ProcessInfo.processInfo.activeProcessorCount) {
        self.inputs = inputs
        self.threads = threads
    }

    /// What was chosen.
    package struct Choice: Sendable {
        package let samples: [ProtocolSample]
        /// Ids that come before the last chosen one and cannot be used, with the reason.
        package let missing: [(id: String, reason: String)]
        package let candidates: Int
    }

    /// Walks the candidates in their order until there are enough. Reads headers of clips. Blocks.
    /// - Parameters:
    ///   - most: samples, in place of the protocol's own number.
    ///   - pictures: a folder with a picture for each clip, of its name, in place of the clip's own key frame.
    /// - Throws: ``EvaluationProtocolError``.
    package func choose(
        _ plan: EvaluationProtocol, data: String?, list: String?, most: Int? = nil, pictures: String? = nil
    ) throws(EvaluationProtocolError) -> Choice {
        let candidates = try ProtocolCandidates(plan, data: data, list: list).all
        let wanted = most ?? plan.samples ?? candidates.count
        var samples: [ProtocolSample] = []
        var missing: [(id: String, reason: String)] = []
        var next = 0
        while samples.count < wanted, next < candidates.count {
            // As many as are still wanted at once; which are taken does not depend on it.
            let part = candidates[next..<min(next + wanted - samples.count, candidates.count)]
            next += part.count
            let looked = ParallelMap.map(Array(part), threads: threads) { candidate in
                Result { () throws(Unfit) in try self.sample(candidate, plan, pictures) }
            }
            for (candidate, result) in zip(part, looked) {
                switch result {
                case .success(let sample): samples.append(sample)
                case .failure(let unfit): missing.append((candidate.id, unfit.reason))
                }
            }
        }
        guard !samples.isEmpty else {
            throw .noneLeft(
                title: plan.title, candidates: candidates.count,
                first: missing.first.map { "\($0.id): \($0.reason)" } ?? "there are none")
        }
        return Choice(samples: samples, missing: missing, candidates: candidates.count)
    }

    private struct Unfit: Error {
        let reason: String
    }

    private func sample(
        _ candidate: ProtocolCandidates.Candidate, _ plan: EvaluationProtocol, _ pictures: String?
    ) throws(Unfit) -> ProtocolSample {
        var sample = ProtocolSample(key: candidate.key)
        if plan.source == .prompts || plan.usesLabels { sample.prompt = candidate.caption }
        guard plan.source == .clips else { return sample }
        guard let clip = candidate.clip else { throw Unfit(reason: "it is not in the folder") }
        let film = try probe(clip)
        let heard = try candidate.sound.map { path throws(Unfit) in try probe(path) } ?? film
        if let fault = film.videoFault { throw Unfit(reason: "\(clip): \(fault.found)") }
        if let fault = heard.audioFault { throw Unfit(reason: "\(candidate.sound ?? clip): \(fault.found)") }
        guard heard.hasAudio else { throw Unfit(reason: "\(clip): it holds no audio") }
        guard let length = [film.duration, heard.audioDuration].compactMap({ $0 }).min() else {
            throw Unfit(reason: "\(clip): it does not say how long it is")
        }
        let window = plan.window
        guard length >= window.least else {
            throw Unfit(reason: "\(clip): it lasts \(length) s, and \(window.least) s are needed")
        }
        let seconds = min(window.seconds, length)
        (sample.clip, sample.sound) = (clip, candidate.sound)
        sample.seconds = seconds
        if window.place == .middle { sample.start = ((length - seconds) / 2 * 1000).rounded(.down) / 1000 }
        if plan.task == .i2a, let pictures {
            let stem = URL(filePath: clip).deletingPathExtension().lastPathComponent
            guard
                let picture = ["png", "jpg", "jpeg", "webp"].map({ "\(pictures)/\(stem).\($0)" })
                    .first(where: { PathKind($0) == .file })
            else { throw Unfit(reason: "\(pictures) has no picture \(stem).png") }
            sample.picture = picture
        }
        return sample
    }

    private func probe(_ path: String) throws(Unfit) -> ProbedInput {
        do throws(InputProbeError) {
            return try inputs.probe(path)
        } catch {
            throw Unfit(reason: "\(path): \(error.found)")
        }
    }
}

/// A sample of a protocol.
package struct ProtocolSample: Sendable, Equatable {
    package let key: String
    package var prompt: String?
    package var clip: String?
    /// The sound beside the clip; nil where it has its own.
    package var sound: String?
    /// In place of the clip, where the task takes an image.
    package var picture: String?
    package var start: Double?
    package var seconds: Double?

    init(key: String) { self.key = key }

    /// Its row of the manifest.
    package func row(_ task: GenerationTask) -> [UInt8] {
        var writer = JSONWriter()
        writer.begin()
        writer.field("id", key)
        // What mm makes has nothing of the clip, which only the other side of the row shows.
        if !task.isCoupled {
            let input = picture ?? clip
            switch task {
            case .v2a: writer.field("video", input)
            case .i2a: writer.field(picture == nil ? "video" : "image", input)
            case .a2v, .a2i: writer.field("audio", sound ?? clip)
            case .joint, .mm: break
            }
            if picture == nil { writer.field("start", start) }
            writer.field("duration", seconds)
            writer.field("prompt", prompt)
        }
        writer.end()
        writer.newline()
        return writer.bytes
    }

    /// Its line in the list of the reference.
    package func reference(_ window: EvaluationProtocol.Window) -> [UInt8] {
        var writer = JSONWriter()
        writer.begin()
        writer.field("name", key)
        writer.field("video", clip)
        writer.field("audio", sound)
        writer.field("start", start)
        writer.field("seconds", seconds)
        writer.field("rate", window.frames?.rate)
        writer.field("frames", window.frames?.count)
        writer.field("prompt", prompt)
        writer.end()
        writer.newline()
        return writer.bytes
    }
}
