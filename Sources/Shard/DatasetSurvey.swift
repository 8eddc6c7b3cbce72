internal import Files
import JSON

/// What is remembered of each shard while all are read one after the other: as little as tells whether they fit together.
struct DatasetSurvey {
    /// The hash of the job that all belong to; that of the first where none is known.
    private(set) var configSHA256: String?
    /// What `shards.json` has to hold.
    private(set) var shardList = ShardList()
    /// The names of all committed shards.
    private(set) var shards: Set<String> = []
    /// The numbers of those whose rows can be read.
    private(set) var withRows: [Int] = []
    /// The indices of all samples that stand in those or failed there.
    private(set) var indices = RangeSet<Int>()
    private var keys: Set<TextFingerprint> = []
    /// The members of the first sample of each task.
    private var members: [String: (names: [String], key: String)] = [:]

    init(configSHA256: String?) { self.configSHA256 = configSHA256 }

    /// Reports what belongs to another job.
    mutating func checkConfig(_ found: String, _ path: String, _ report: inout VerificationReport) {
        guard let expected = configSHA256 else {
            configSHA256 = found
            return
        }
        if found != expected {
            report.add(.config, path, "it belongs to job \(found.prefix(12)), the run to job \(expected.prefix(12))")
        }
    }

    /// Remembers a shard, and reports what does not fit to those before.
    /// - Parameter rows: its rows by ascending index; nil where they cannot be read.
    mutating func take(_ record: CommitRecord, _ rows: [SampleRow]?, _ report: inout VerificationReport) {
        shardList.add(record)
        shards.insert(record.shard)
        guard let rows else { return }
        withRows.append(record.number)
        let path = "shards/\(RunLayout.rowsName(shard: record.number))"
        for row in rows {
            if !keys.insert(TextFingerprint(row.key)).inserted {
                report.add(.duplicate, path, "key \(quoted(row.key)) appears twice in the dataset")
            }
            if indices.contains(row.index) {
                report.add(.duplicate, path, "index \(row.index) appears twice in the dataset")
            }
            indices.insert(contentsOf: row.index..<row.index + 1)
        }
        checkMembers(record, rows, &report)
    }

    /// Samples of one task have the same members, all through the dataset.
    private mutating func checkMembers(
        _ record: CommitRecord, _ rows: [SampleRow], _ report: inout VerificationReport
    ) {
        let tasks = Dictionary(rows.map { ($0.key, $0.task) }, uniquingKeysWith: { _, last in last })
        for frame in record.frames {
            guard let task = tasks[frame.key] else { continue }
            let names = frame.members.keys.sorted()
            guard let first = members[task] else {
                members[task] = (names, frame.key)
                continue
            }
            guard names != first.names else { continue }
            report.add(
                .members, "shards/\(RunLayout.recordName(shard: record.number))",
                "sample \(quoted(frame.key)) has members \(names.joined(separator: ", "))"
                    + " where \(quoted(first.key)) has \(first.names.joined(separator: ", "))")
            return  // one for each shard tells enough
        }
    }
}
