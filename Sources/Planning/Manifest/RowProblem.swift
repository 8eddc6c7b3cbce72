package import Method

/// Why a manifest row cannot be used.
package struct RowProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The classes of problem; the raw value is the failed sample's error kind.
    package enum Kind: String, Sendable, CaseIterable {
        /// The row is no JSON object, or no CSV record with the header's fields.
        case syntax = "row_syntax"
        /// A column that does not exist.
        case unknownColumn = "unknown_column"
        /// A value of the wrong type or out of range.
        case value = "bad_value"
        /// A value that the task needs is missing, or one that it cannot take is there.
        case input = "wrong_input"
        /// An id that cannot name a file in a shard.
        case id = "bad_id"
        /// An id that an earlier row has.
        case duplicate = "duplicate_id"
        /// The file is missing, unreadable or of no use.
        case file = "bad_file"
    }

    /// The line or record, from 1, of the manifest.
    package let row: Int
    /// The column, where one is to blame.
    package let field: String?
    package let kind: Kind
    /// The kind that a failed sample records, finer than ``kind`` where a file is to blame.
    package let recordedKind: String
    /// What stands there.
    package let found: String
    /// What to do about it.
    package let remedy: String

    package init(
        row: Int, field: String?, kind: Kind, recordedKind: String? = nil, found: String, remedy: String
    ) {
        self.row = row
        self.field = field
        self.kind = kind
        self.recordedKind = recordedKind ?? kind.rawValue
        self.found = found
        self.remedy = remedy
    }

    package var description: String { "row \(row)\(field.map { ", `\($0)`" } ?? ""): \(message)" }

    /// The problem without its place.
    package var message: String { "\(found); \(remedy)" }
}

/// The problems of a manifest's rows: all are counted, and the first are kept.
package struct RowProblems: Sendable, Equatable {
    /// So many are kept to be shown.
    package static let most = 20

    /// The first ones, in the manifest's order.
    package private(set) var first: [RowProblem] = []
    /// All of them.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Adds the next problems, in the manifest's order.
    package mutating func add(_ problems: [RowProblem]) {
        count += problems.count
        first += problems.prefix(max(0, Self.most - first.count))
    }
}

/// Why a manifest as a whole cannot be used.
package enum ManifestError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file cannot be read.
    case unreadable(path: String, reason: String)
    /// The file is longer than ``Manifest/maximumBytes``.
    case tooLong(path: String, bytes: Int)
    /// Neither the name nor the first record tells the format.
    case unknownFormat(path: String, reason: String)
    /// One prompt a line, for a task that needs files.
    case promptsOnly(path: String, task: GenerationTask, needs: InputKind)
    /// The CSV header cannot be used.
    case header(path: String, reason: String)
    /// The job wants one split of a manifest that has none.
    case noSplits(path: String)
    /// A row that has to be used cannot be.
    case row(path: String, RowProblem)
    /// Nothing but empty lines.
    case empty(path: String)
    /// It was changed while it was read.
    case changed(path: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "the manifest \(path) cannot be read: \(reason)"
        case .tooLong(let path, let bytes):
            "the manifest \(path) has \(bytes) bytes, more than \(Manifest.maximumBytes); split it into several jobs"
        case .unknownFormat(let path, let reason):
            "the manifest \(path) has no known format: \(reason); set manifest_format to jsonl, csv, tsv, vggsound or txt"
        case .promptsOnly(let path, let task, let kind):
            "the manifest \(path) has one prompt per line and task \(task.rawValue) needs the path of its \(kind.rawValue); "
                + "use .jsonl, .csv or .tsv, or task joint"
        case .header(let path, let reason): "the header of the manifest \(path) cannot be used: \(reason)"
        case .noSplits(let path):
            "`split` is set and the manifest \(path) is not a VGGSound list, whose rows name their split; leave `split` out"
        case .row(let path, let problem): "the manifest \(path), \(problem)"
        case .changed(let path): "the manifest \(path) was changed while it was read; plan again"
        case .empty(let path): "the manifest \(path) has no rows; give at least one sample"
        }
    }
}
