internal import ClipSampling
internal import Files
internal import Foundation
internal import Media
internal import Networks
internal import Planning
internal import Shard
internal import Synchronization

/// Opens what a sample consists of, wherever it lies, and holds it to what was planned.
final class EvaluatedMedia: Sendable {
    /// Shards that were opened, by path: a batch's samples are mostly of one.
    private let shards = Mutex<[String: ShardReader]>([:])
    private static let most = 4

    /// A file that can be read by its path, for as long as this lives.
    struct Opened {
        let path: String
        /// How it is called in messages.
        let name: String
        private let file: NamelessFile?

        init(path: String) { (self.path, name, file) = (path, path, nil) }

        init(_ file: NamelessFile, name: String) { (path, self.name, self.file) = (file.path, name, file) }

        /// An error that names the file as its user knows it.
        func named(_ error: MediaError) -> SampleFailure {
            SampleFailure(
                kind: error.kind.rawValue, message: "\(error)".replacing(path, with: name))
        }
    }

    /// - Throws: ``SampleFailure`` for a file that is not the planned one, or a shard that cannot be read.
    func open(_ place: EvaluatedSample.Place, of sample: EvaluatedSample) throws(SampleFailure) -> Opened {
        guard let member = place.member else {
            do throws(FileClaimError) {
                _ = try FileClaim(
                    path: place.path, bytes: place.bytes, sha256: place.sha256, modified: place.modified
                ).check()
            } catch {
                throw SampleFailure(error)
            }
            return Opened(path: place.path)
        }
        let name = "\(sample.name).\(member) in \(place.path)"
        do {
            guard let bytes = try shard(place).sample(sample.name)?.members[member] else {
                throw SampleFailure(kind: SampleFailure.inputChangedKind, message: "there is no \(name) any more.")
            }
            return Opened(
                try NamelessFile(bytes, in: FileManager.default.temporaryDirectory.path), name: name)
        } catch let failure as SampleFailure {
            throw failure
        } catch {
            throw SampleFailure(kind: "unreadable", message: "\(name): \(error)")
        }
    }

    private func shard(_ place: EvaluatedSample.Place) throws -> ShardReader {
        if let known = shards.withLock({ $0[place.path] }) { return known }
        guard let size = Directory.fileSize(place.path), Int64(size) == place.bytes else {
            throw SampleFailure(
                kind: SampleFailure.inputChangedKind,
                message: "\(place.path) is not the shard that was planned: it had \(place.bytes) bytes.")
        }
        let reader = try ShardReader(path: place.path)
        shards.withLock { shards in
            if shards.count >= Self.most { shards.removeAll() }
            shards[place.path] = reader
        }
        return reader
    }
}
