internal import Method
internal import Planning

/// Turns a manifest into the rows of a plan, some thousands at a time.
struct PlannedRows: ~Copyable {
    private let job: Job
    /// Which rows of the manifest become rows of the plan.
    private let isWanted: (ManifestRow) -> Bool
    private var inspector: InputInspector
    private var writer: PlanWriter<PlannedSample>
    private(set) var expectedBytes: ExpectedBytes
    /// Every problem of a row.
    private(set) var problems = RowProblems()
    /// Those of rows that have no key to be recorded under.
    private(set) var rejected = RowProblems()

    /// Rows whose files are looked at together: enough to keep all threads busy most of the time.
    private static let pieceSize = 4096

    init(
        _ recipe: Recipe, _ job: Job, probe: any InputProbe, threads: Int, _ survey: ManifestSurvey,
        maximumFrames: Int? = nil, where isWanted: @escaping (ManifestRow) -> Bool = { _ in true }
    ) {
        self.job = job
        self.isWanted = isWanted
        inspector = InputInspector(
            job: job, probe: probe, threads: threads, maximumFrames: maximumFrames, uses: survey.shared,
            seeds: survey.seeds)
        writer = PlanWriter(recipe)
        expectedBytes = ExpectedBytes(job)
    }

    /// Reads the manifest to its end.
    /// - Throws: `ManifestError`; `ZstdError` where the compressor fails.
    mutating func readAll() throws {
        var reader = try ManifestReader(job)
        var items: [ManifestItem] = []
        while let item = try reader.next() {
            if case .row(let row) = item, !isWanted(row) { continue }
            items.append(item)
            if items.count == Self.pieceSize {
                try take(items)
                items.removeAll(keepingCapacity: true)
            }
        }
        try take(items)
    }

    private mutating func take(_ items: [ManifestItem]) throws {
        let rows = items.compactMap { item in
            if case .row(let row) = item { row } else { nil }
        }
        var planned = inspector.samples(of: rows)[...]
        for item in items {
            problems.add(item.problems)
            guard case .row = item, let (sample, problem) = planned.popFirst() else {
                rejected.add(item.problems)
                continue
            }
            if let problem { problems.add([problem]) }
            expectedBytes.add(try writer.append(sample))
        }
    }

    /// The plan.
    /// - Throws: `ZstdError` where the compressor fails.
    consuming func finish() throws -> Plan { try writer.finish() }
}
