internal import Files
internal import Foundation
internal import Shard

/// The samples of a side, in the order of their names, and those that it should have and has not.
package struct EvaluatedSet: Sendable {
    /// With places, and without what only a plan gives: index, batch and shard.
    package let samples: [EvaluatedSample]
    /// Samples of a run that were not made, with the reason.
    package let failed: [(name: String, reason: String)]
    /// Samples of a run that are not in a finished shard yet.
    package let pending: Int

    /// Finds out what is there; no sample is read. Blocks.
    /// - Parameter path: a run directory, a folder of media files, which are known again by size and time, or a list of some and
    ///   of what of them is looked at (``EvaluatedList``).
    /// - Throws: ``EvaluatedSetError``.
    package init(_ path: String, side: FeatureJob.Side) throws(EvaluatedSetError) {
        switch PathKind(path) {
        case .nothing: throw .nothingThere(path: path)
        case .file:
            guard path.hasSuffix(EvaluatedList.suffix) else { throw .noMedia(path: path) }
            samples = try EvaluatedList(path).samples(side)
            (failed, pending) = ([], 0)
            return
        case .folder: break
        }
        let directory = RunDirectory(URL(filePath: path, directoryHint: .isDirectory))
        guard PathKind(directory.description.path) != .nothing else {
            samples = try Self.files(in: path, side)
            (failed, pending) = ([], 0)
            return
        }
        (samples, failed, pending) = try Self.samples(of: directory, side)
    }

    private static func files(
        in path: String, _ side: FeatureJob.Side
    ) throws(EvaluatedSetError) -> [EvaluatedSample] {
        var places: [String: EvaluatedSample.Place] = [:]
        func place(_ name: String?) throws(EvaluatedSetError) -> EvaluatedSample.Place? {
            guard let name else { return nil }
            if let known = places[name] { return known }
            let file = "\(path)/\(name)"
            do throws(FileError) {
                let identity = try FileIdentity(path: file, hashing: false)
                let place = EvaluatedSample.Place(
                    path: file, bytes: identity.bytes, modified: identity.modified)
                places[name] = place
                return place
            } catch {
                throw .unreadable(path: file, reason: error.reason)
            }
        }
        var samples: [EvaluatedSample] = []
        for entry in try MediaFolder(path).entries {
            places.removeAll(keepingCapacity: true)
            samples.append(
                EvaluatedSample(
                    index: 0, side: side, name: entry.name, picture: try place(entry.picture),
                    sound: try place(entry.sound)))
        }
        return samples
    }

    /// Members that hold a picture or a sound, the better first: a film's sound was compressed.
    private static let (pictures, sounds) = (["mp4", "png", "jpg"], ["flac", "wav", "mp4"])

    private static func samples(
        of directory: RunDirectory, _ side: FeatureJob.Side
    ) throws(EvaluatedSetError) -> (samples: [EvaluatedSample], failed: [(name: String, reason: String)], pending: Int)
    {
        do {
            let run = try Run.open(directory)
            guard run.description.recipe.job != nil else {
                throw EvaluatedSetError.isEvaluation(path: directory.url.path)
            }
            let index = DatasetIndex(layout: directory.layout)
            var samples: [EvaluatedSample] = []
            var failed: [(name: String, reason: String)] = []
            let numbers = try index.shardNumbers()
            guard !numbers.isEmpty else { throw EvaluatedSetError.noShards(path: directory.url.path) }
            for number in numbers {
                guard let record = try index.record(shard: number) else { continue }
                var prompts: [ExactText: String] = [:]
                for row in try index.rows(shard: number) {
                    if let prompt = row.prompt { prompts[ExactText(row.key)] = prompt }
                    if let error = row.error { failed.append((row.key, error.message)) }
                }
                for frame in record.frames {
                    func place(_ names: [String]) -> EvaluatedSample.Place? {
                        names.first { frame.members[$0] != nil }.map {
                            EvaluatedSample.Place(
                                path: "\(directory.layout.shards)/\(record.shard)", member: $0,
                                bytes: Int64(record.bytes), sha256: record.sha256)
                        }
                    }
                    samples.append(
                        EvaluatedSample(
                            index: 0, side: side, name: frame.key, picture: place(pictures), sound: place(sounds),
                            prompt: prompts[ExactText(frame.key)]))
                }
            }
            samples.sort { ExactText($0.name) < ExactText($1.name) }
            return (samples, failed, run.description.counts.samples - samples.count - failed.count)
        } catch let error as EvaluatedSetError {
            throw error
        } catch {
            throw .run("\(error)")
        }
    }
}
