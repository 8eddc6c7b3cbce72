internal import Files
package import Planning

/// The model files of a run, held to what was planned: before they are loaded, and while they are used, for weights are
/// mapped and a change of a file shows through.
package struct PlannedModels: Sendable {
    private var files: [(role: String, claim: FileClaim, stamp: FileStamp)] = []

    /// Finds the files again as the job names them, and compares each with `run.json`: by content with `input_hash: full`, by
    /// size and time with `stat`. Blocks until all of them are read.
    ///
    /// Other hosts may have them elsewhere; what counts is which files there are and what is in them.
    /// - Throws: ``PlannedModelsError``.
    package init(
        _ run: RunDescription, probe: CheckpointProbe = CheckpointProbe(), threads: Int = 4
    ) throws(PlannedModelsError) {
        guard !run.models.isEmpty else { return }
        let located =
            switch run.recipe {
            case .generation(let job): probe.locate(job)
            case .features(let job): probe.locate(job)
            case .captions(let captions): probe.locate(captions.job)
            case .pictures(let pictures): probe.locate(pictures)
            }
        guard located.problems.isEmpty else { throw .unusable(located.problems) }
        var claims: [(role: String, claim: FileClaim)] = []
        for model in run.models {
            let found = located.models.first { $0.role == model.role }?.files ?? []
            let paths = Dictionary(found.map { (ExactText($0.name), $0.path) }) { first, _ in first }
            let planned = Set(model.files.map { ExactText($0.name) })
            if let other = paths.keys.filter({ !planned.contains($0) }).min() {
                throw .changed(
                    role: model.role, sentence: "\(paths[other] ?? other.text) would be loaded and was not planned")
            }
            for file in model.files {
                guard let path = paths[ExactText(file.name)] else {
                    throw .changed(
                        role: model.role, sentence: "\(file.name) was planned and would not be loaded any more")
                }
                claims.append(
                    (
                        model.role,
                        FileClaim(path: path, bytes: file.bytes, sha256: file.sha256, modified: file.modified)
                    ))
            }
        }
        let stamps = ParallelMap.map(claims, threads: threads) { item in
            Result { () throws(FileClaimError) in try item.claim.check() }
        }
        for (item, stamp) in zip(claims, stamps) {
            files.append((item.role, item.claim, try Self.taken(stamp, item.role)))
        }
    }

    /// Looks whether they are still the same; reads only what looks different from outside. Blocks.
    /// - Throws: ``PlannedModelsError``.
    package mutating func checkAgain() throws(PlannedModelsError) {
        for index in files.indices {
            let (role, claim, stamp) = files[index]
            let result = Result { () throws(FileClaimError) in try claim.check(since: stamp) }
            files[index].stamp = try Self.taken(result, role)
        }
    }

    private static func taken(
        _ result: Result<FileStamp, FileClaimError>, _ role: String
    ) throws(PlannedModelsError) -> FileStamp {
        do throws(FileClaimError) {
            return try result.get()
        } catch {
            throw .changed(role: role, sentence: "\(error)")
        }
    }
}

/// Why a run cannot have its models.
package enum PlannedModelsError: Error, Equatable, CustomStringConvertible {
    /// They are not there, or cannot be used; a sentence each.
    case unusable([String])
    /// They are others than those that were planned.
    case changed(role: String, sentence: String)

    package var description: String {
        switch self {
        case .unusable(let problems): problems.joined(separator: "\n")
        case .changed(let role, let sentence): "models.\(role): \(sentence)"
        }
    }
}
