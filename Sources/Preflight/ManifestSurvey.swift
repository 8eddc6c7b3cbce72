internal import Files
internal import Method
internal import Planning

/// What a first reading of a manifest tells, before any file is looked at: which tasks occur, which files several rows
/// name, and the rows' seeds.
struct ManifestSurvey {
    /// The tasks of all rows that have a key.
    private(set) var tasks: Set<GenerationTask> = []
    /// For each task the number of the first row that can be used.
    private(set) var firstUsable: [GenerationTask: Int] = [:]
    /// For each task the number of the first usable row without a caption.
    private(set) var firstWithoutCaption: [GenerationTask: Int] = [:]
    /// How many usable rows name each file that more than one names.
    private(set) var shared: [TextFingerprint: Int] = [:]
    /// The seeds of all rows that have a key.
    let seeds: SampleSeeds

    /// - Throws: `ManifestError`.
    init(_ job: Job) throws(ManifestError) {
        var named: Set<TextFingerprint> = []
        var seeds = SampleSeeds.Survey(job)
        var reader = try ManifestReader(job)
        while let item = try reader.next() {
            guard case .row(let row) = item else { continue }
            tasks.insert(row.task)
            seeds.add(row)
            guard row.problems.isEmpty else { continue }
            if firstUsable[row.task] == nil { firstUsable[row.task] = row.number }
            if row.prompt == nil, firstWithoutCaption[row.task] == nil {
                firstWithoutCaption[row.task] = row.number
            }
            guard let path = row.input?.path else { continue }
            let fingerprint = TextFingerprint(path)
            if !named.insert(fingerprint).inserted { shared[fingerprint, default: 1] += 1 }
        }
        self.seeds = seeds.settled()
    }
}
