package import Planning

/// A job for tests, with settings of the command line.
package func testJob(_ overrides: String..., folder: String = "/data") throws -> Job {
    try JobFile.resolve(
        "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, image: e/f, motion: g/h, binder: c/d}\n",
        path: "\(folder)/job.yaml",
        overrides: overrides)
}

extension Plan {
    /// All rows.
    package var samples: [PlannedSample] {
        get throws { try rows.samples(0..<rows.count).compactMap { $0 as? PlannedSample } }
    }
}

extension Run {
    /// The job of a run that generates.
    package var job: Job {
        get throws {
            struct GeneratesNothing: Error {}
            guard let job = description.recipe.job else { throw GeneratesNothing() }
            return job
        }
    }

    /// All rows of the plan.
    package var samples: [PlannedSample] {
        get throws { try rows.samples(0..<rows.count).compactMap { $0 as? PlannedSample } }
    }
}

/// A manifest as its reader gives it.
package struct TestManifest {
    package var rows: [ManifestRow] = []
    package var rejected: [RowProblem] = []
    /// Every problem, in the manifest's order.
    package var problems: [RowProblem] = []

    /// Reads to the end.
    package init(_ reader: ManifestReader) throws(ManifestError) {
        var reader = reader
        while let item = try reader.next() {
            switch item {
            case .row(let row): rows.append(row)
            case .rejected(let problems): rejected += problems
            }
            problems += item.problems
        }
    }
}
