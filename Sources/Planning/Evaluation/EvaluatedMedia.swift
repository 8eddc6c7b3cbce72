package import Files
internal import Foundation
internal import Shard
internal import Synchronization

/// Opens what a sample consists of, wherever it lies, and holds it to what its place says.
package final class EvaluatedMedia: Sendable {
    /// Shards that were opened, by path: samples that follow each other are mostly of one.
    private let shards = Mutex<[String: ShardReader]>([:])
    private static let most = 4

    /// A file that can be read by its path, for as long as this lives.
    package struct Opened {
        package let path: String
        /// How it is called in messages.
        package let name: String
        private let file: NamelessFile?

        fileprivate init(path: String) { (self.path, name, file) = (path, path, nil) }

        fileprivate init(_ file: NamelessFile, name: String) { (path, self.name, self.file) = (file.path, name, file) }

        /// A sentence about ``path`` that names the file as its user knows it.
        package func named(_ sentence: String) -> String { sentence.replacing(path, with: name) }
    }

    package init() {}

    /// - Throws: ``EvaluatedMediaError`` for a file that is not the one of its place, or a shard that cannot be read.
    package func open(
        _ place: EvaluatedSample.Place, of sample: EvaluatedSample
    ) throws(EvaluatedMediaError) -> Opened {
        guard let member = place.member else {
            do throws(FileClaimError) {
                _ = try FileClaim(
                    path: place.path, bytes: place.bytes, sha256: place.sha256, modified: place.modified
                ).check()
            } catch {
                throw .file(error)
            }
            return Opened(path: place.path)
        }
        let name = "\(sample.name).\(member) in \(place.path)"
        let bytes = try bytes(of: member, sample.name, in: shard(place, name), name)
        do throws(FileError) {
            return Opened(try NamelessFile(bytes, in: FileManager.default.temporaryDirectory.path), name: name)
        } catch {
            throw .noRoom(error)
        }
    }

    private func bytes(
        of member: String, _ key: String, in shard: ShardReader, _ name: String
    ) throws(EvaluatedMediaError) -> [UInt8] {
        let sample: Sample?
        do {
            sample = try shard.sample(key)
        } catch {
            throw .unreadable("\(name): \(error)")
        }
        guard let bytes = sample?.members[member] else { throw .changed("there is no \(name) any more.") }
        return bytes
    }

    private func shard(_ place: EvaluatedSample.Place, _ name: String) throws(EvaluatedMediaError) -> ShardReader {
        if let known = shards.withLock({ $0[place.path] }) { return known }
        guard let size = Directory.fileSize(place.path), Int64(size) == place.bytes else {
            throw .changed("\(place.path) is not the shard that was found there before: it had \(place.bytes) bytes.")
        }
        let reader: ShardReader
        do {
            reader = try ShardReader(path: place.path)
        } catch {
            throw .unreadable("\(name): \(error)")
        }
        shards.withLock { shards in
            if shards.count >= Self.most { shards.removeAll() }
            shards[place.path] = reader
        }
        return reader
    }
}

/// Why what a sample consists of cannot be opened.
package enum EvaluatedMediaError: Error, Equatable, CustomStringConvertible {
    /// A file that is not the one of its place.
    case file(FileClaimError)
    /// A shard that is another one, or lacks the member; a sentence.
    case changed(String)
    /// A shard that cannot be read; a sentence.
    case unreadable(String)
    /// There is no room for a member as a file, which is not the sample's fault.
    case noRoom(FileError)

    package var description: String {
        switch self {
        case .file(let error): error.description
        case .changed(let sentence), .unreadable(let sentence): sentence
        case .noRoom(let error): error.description
        }
    }
}
