internal import Files
import JSON

/// Writes members of samples as files, `DIR/KEY.EXT`.
///
/// The records of a million samples would fill gigabytes: one shard's is in memory at a time.
package struct SampleExtractor {
    /// Which samples are written.
    package enum Selection: Sendable {
        case all
        case keys([KeyPattern])
    }

    private let layout: RunLayout
    private let index: DatasetIndex
    /// Where to; made if it does not exist.
    private let folder: String
    /// The extensions wanted, or nil for all. A sample whose task makes one of them not goes without it.
    private let members: Set<String>?

    /// Makes an extractor.
    /// - Throws: ``SampleError/extension(_:)`` for a member's name that no shard can hold.
    package init(layout: RunLayout, folder: String, members: [String]?) throws(SampleError) {
        for name in members ?? [] { try MemberExtension.validate(name) }
        self.layout = layout
        self.folder = folder
        self.members = members.map(Set.init)
        index = DatasetIndex(layout: layout)
    }

    /// Extracts samples, shard by shard. A file that exists is replaced, as `tar -x` does. All are looked up before anything
    /// is written.
    /// - Returns: the number of files written.
    /// - Throws: ``ExtractionError``, ``RecordError``, ``ShardReadError``, ``FileError``.
    package func extract(_ selection: Selection) throws -> Int {
        let wanted = Wanted(selection)
        let shards = try shards(holding: wanted)
        try Directory.create(folder)
        var written = 0
        for shard in shards {
            guard let record = try index.record(shard: shard) else { continue }
            let reader = try ShardReader(path: "\(layout.shards)/\(record.shard)", record: record)
            for position in reader.entries.indices where wanted.has(reader.entries[position].key) {
                written += try extract(position, of: reader)
            }
        }
        return written
    }

    /// A selection's keys, apart from its patterns.
    private struct Wanted {
        let isAll: Bool
        let keys: [String]
        let patterns: [KeyPattern]
        private let exact: Set<ExactText>

        init(_ selection: Selection) {
            switch selection {
            case .all: (isAll, keys, patterns) = (true, [], [])
            case .keys(let wanted):
                isAll = false
                keys = wanted.filter { !$0.isOpen }.map(\.description)
                patterns = wanted.filter(\.isOpen)
            }
            exact = Set(keys.map(ExactText.init))
        }

        func has(_ key: String) -> Bool {
            isAll || exact.contains(ExactText(key)) || patterns.contains { $0.fits(key) }
        }
    }

    /// The numbers of the shards that hold what is wanted; those behind the last of single keys are not read.
    private func shards(holding wanted: Wanted) throws -> [Int] {
        var missing = Set(wanted.keys.map(ExactText.init))
        var unmet = Set(wanted.patterns)
        var shards: [Int] = []
        var present: Set<String> = []
        var first: String?
        for shard in try index.shardNumbers() {
            if !wanted.isAll, wanted.patterns.isEmpty, missing.isEmpty { break }
            guard let record = try index.record(shard: shard) else { continue }
            let frames = record.frames.filter { wanted.has($0.key) }
            guard !frames.isEmpty else { continue }
            shards.append(shard)
            first = first ?? frames.first?.key
            for frame in frames {
                missing.remove(ExactText(frame.key))
                unmet = unmet.filter { !$0.fits(frame.key) }
                present.formUnion(frame.members.keys)
            }
        }
        if let key = wanted.keys.first(where: { missing.contains(ExactText($0)) }) {
            throw try explainAbsence(of: key)
        }
        if let pattern = wanted.patterns.first(where: unmet.contains) {
            throw ExtractionError.nothingFits(pattern.description)
        }
        // A member that none of the samples has is a mistake.
        if let first, let absent = members?.subtracting(present).min() {
            throw ExtractionError.noSuchMember(key: first, member: absent, present: present.sorted())
        }
        return shards
    }

    /// - Returns: the number of files written.
    private func extract(_ position: Int, of reader: ShardReader) throws -> Int {
        // Once without writing: whether a sample is whole, and its checksum right, is known at its end.
        try reader.forEachEvent(at: position) { _ in }
        let key = reader.entries[position].key
        var written = 0
        var file: AtomicFile?
        try reader.forEachEvent(at: position) { event in
            switch event {
            case .member(let name, _):
                guard members?.contains(name) ?? true else { return }
                file = try AtomicFile(folder: folder, name: "\(key).\(name)", faults: .none)
            case .data(let bytes): try file?.write(Array(bytes))
            case .memberEnd:
                guard let file = file.take() else { return }
                _ = try file.publish(.replaceExisting, durable: false)
                written += 1
            }
        }
        return written
    }

    private func explainAbsence(of key: String) throws -> ExtractionError {
        for shard in try index.shardNumbers() {
            guard let record = try index.record(shard: shard), record.nfailed > 0 else { continue }
            var failure: SampleRow.Failure?
            try index.forEachRow(shard: shard, indices: record.indices) { row in
                if ExactText(row.key) == ExactText(key) { failure = row.error }
            }
            if let failure { return .failedSample(key: key, kind: failure.kind, message: failure.message) }
        }
        return .unknownKey(key)
    }
}

/// Why a sample cannot be extracted.
package enum ExtractionError: Error, Equatable, CustomStringConvertible {
    /// No committed shard holds the key.
    case unknownKey(String)
    /// No committed shard holds a key that fits the pattern.
    case nothingFits(String)
    /// The sample failed, so no shard holds it.
    case failedSample(key: String, kind: String, message: String)
    /// The sample, and any other that was asked for, has no such member.
    case noSuchMember(key: String, member: String, present: [String])

    /// One sentence with the remedy.
    package var description: String {
        switch self {
        case .unknownKey(let key): "no shard holds sample \(quoted(key)); 'seehear ls RUN' lists the keys"
        case .nothingFits(let pattern):
            "no shard holds a sample that fits \(quoted(pattern)); 'seehear ls RUN' lists the keys"
        case .failedSample(let key, let kind, let message): "sample \(quoted(key)) failed (\(kind)): \(message)"
        case .noSuchMember(let key, let member, let present):
            "sample \(quoted(key)) has no member \(quoted(member)); it has \(present.joined(separator: ", "))"
        }
    }
}
