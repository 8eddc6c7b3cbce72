package import Method

/// One row of a manifest that has a usable key.
package struct ManifestRow: Sendable, Equatable {
    /// The line or record of the manifest, from 1.
    package let number: Int
    /// The sample's key: the row's id, or the one derived from its file or number.
    package let key: String
    /// The row's task, or the job's.
    package let task: GenerationTask
    /// The caption; nil: none.
    package let prompt: String?
    /// The row's negative prompt; nil: the job's.
    package let negativePrompt: String?
    /// The file that steers the sample.
    package let input: ManifestInput?
    /// Where the window on the input begins, in seconds.
    package let start: Double?
    /// The sample's length in seconds; nil: as the job says.
    package let duration: Double?
    /// The row's seed; nil: derived from the job's.
    package let seed: UInt64?
    /// What is wrong with the row; empty where it can be used.
    package var problems: [RowProblem]
}

/// A file that a manifest row names.
package struct ManifestInput: Sendable, Equatable {
    package let kind: InputKind
    /// The absolute path.
    package let path: String
}

/// What a manifest holds in one place.
package enum ManifestItem: Sendable, Equatable {
    /// A row with a key that no row before has; it may carry problems.
    case row(ManifestRow)
    /// What is wrong with a row whose key is missing, unusable or taken.
    case rejected([RowProblem])

    /// What is wrong here.
    package var problems: [RowProblem] {
        switch self {
        case .row(let row): row.problems
        case .rejected(let problems): problems
        }
    }
}

/// Limits of manifests.
package enum Manifest {
    /// A manifest may be this long, in bytes.
    package static let maximumBytes = 2 << 30
}
