internal import Files
import JSON
/// Writes members of samples as files, `DIR/KEY.EXT`.
package struct SampleExtractor {
    /// Where from.
    package let reader: DatasetReader
    /// Where to; made if it does not exist.
    package let folder: String
    /// The extensions wanted, or nil for all. A sample whose task makes one of them not goes without it.
    package let members: Set<String>?

    /// Makes an extractor.
    /// - Throws: ``SampleError/extension(_:)`` for a member's name that no shard can hold.
    package init(reader: DatasetReader, folder: String, members: [String]?) throws(SampleError) {
        for name in members ?? [] { try MemberExtension.validate(name) }
        self.reader = reader
        self.folder = folder
        self.members = members.map(Set.init)
    }

    /// Extracts samples. A file that exists is replaced, as `tar -x` does.
    /// - Parameter keys: the samples' keys; all are looked up before anything is written.
    /// - Returns: the paths written.
    /// - Throws: ``ExtractionError``, ``ShardReadError``, ``FileError``.
    package func extract(_ keys: [String]) throws -> [String] {
        let known = Set(reader.keys)
        if let key = keys.first(where: { !known.contains($0) }) { throw try explainAbsence(of: key) }
        try requireMembers(of: keys)
        try Directory.create(folder)
        var written: [String] = []
        for key in keys { written += try extract(key) }
        return written
    }

    private func extract(_ key: String) throws -> [String] {
        // Once without writing: whether a sample is whole, and its checksum right, is known at its end.
        guard try reader.forEachEvent(of: key, { _ in }) else { throw ExtractionError.unknownKey(key) }
        var written: [String] = []
        var file: AtomicFile?
        _ = try reader.forEachEvent(of: key) { event in
            switch event {
            case .member(let name, _):
                guard members?.contains(name) ?? true else { return }
                file = try AtomicFile(folder: folder, name: "\(key).\(name)", faults: .none)
                written.append("\(folder)/\(key).\(name)")
            case .data(let bytes): try file?.write(Array(bytes))
            case .memberEnd:
                guard let file = file.take() else { return }
                _ = try file.publish(.replaceExisting, durable: false)
            }
        }
        return written
    }

    /// A member that none of the samples has is a mistake.
    private func requireMembers(of keys: [String]) throws(ExtractionError) {
        let wanted = Set(keys)
        let frames = reader.records.flatMap(\.frames).filter { wanted.contains($0.key) }
        let present = Set(frames.flatMap(\.members.keys))
        guard let first = frames.first, let absent = members?.subtracting(present).min() else { return }
        throw ExtractionError.noSuchMember(key: first.key, member: absent, present: present.sorted())
    }

    private func explainAbsence(of key: String) throws -> ExtractionError {
        let index = DatasetIndex(layout: reader.layout)
        for record in reader.records where record.nfailed > 0 {
            if let failure = try index.rows(shard: record.number, indices: record.indices).first(where: {
                $0.key == key
            })?.error {
                return .failedSample(key: key, kind: failure.kind, message: failure.message)
            }
        }
        return .unknownKey(key)
    }
}

/// Why a sample cannot be extracted.
package enum ExtractionError: Error, Equatable, CustomStringConvertible {
    /// No committed shard holds the key.
    case unknownKey(String)
    /// The sample failed, so no shard holds it.
    case failedSample(key: String, kind: String, message: String)
    /// The sample, and any other that was asked for, has no such member.
    case noSuchMember(key: String, member: String, present: [String])

    /// One sentence with the remedy.
    package var description: String {
        switch self {
        case .unknownKey(let key): "no shard holds sample \(quoted(key)); 'seehear ls RUN' lists the keys"
        case .failedSample(let key, let kind, let message): "sample \(quoted(key)) failed (\(kind)): \(message)"
        case .noSuchMember(let key, let member, let present):
            "sample \(quoted(key)) has no member \(quoted(member)); it has \(present.joined(separator: ", "))"
        }
    }
}
