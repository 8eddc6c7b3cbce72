internal import Files
package import Foundation
package import Method
package import Planning

/// Makes plans: validates everything that can be known before a GPU is touched, and fixes key → batch → shard.
package struct Planner: Sendable {
    private let inputs: any InputProbe
    private let models: any ModelProbe
    private let threads: Int

    /// - Parameters:
    ///   - inputs: Looks into media files.
    ///   - models: Finds model files.
    ///   - threads: Media files that are looked at at once; more than cores, because they wait for disks.
    package init(
        inputs: any InputProbe, models: any ModelProbe,
        threads: Int = min(32, 4 * ProcessInfo.processInfo.activeProcessorCount)
    ) {
        self.inputs = inputs
        self.models = models
        self.threads = threads
    }

    /// Reads the job and looks at everything it names. Writes nothing. Blocks.
    ///
    /// - Parameters:
    ///   - file: The job file.
    ///   - overrides: Settings of the command line.
    ///   - output: The run directory, whose disk must have room; it need not exist.
    /// - Throws: ``PlanningError`` with all problems.
    package func prepare(_ file: URL, overrides: [String] = [], output: URL) throws(PlanningError) -> PreparedPlan {
        let job: Job
        do throws(JobError) {
            job = try JobFile.load(file, overrides: overrides)
        } catch {
            throw .job(error)
        }
        return try prepare(job, output: output)
    }

    /// Looks at everything that a resolved job names. Writes nothing. Blocks.
    ///
    /// The manifest is read twice, row by row, and what is kept of a row is its line in the plan, compressed: a million rows
    /// are as little trouble as a thousand.
    /// - Throws: ``PlanningError`` with all problems.
    package func prepare(_ job: Job, output: URL) throws(PlanningError) -> PreparedPlan {
        try PlanningError.naming(job.manifest) { try prepared(job, output: output) }
    }

    private func prepared(_ job: Job, output: URL) throws -> PreparedPlan {
        let manifest = try? FileIdentity(path: job.manifest, hashing: false)
        let survey = try ManifestSurvey(job)
        let settings = settings(job, for: survey)
        let job = job.narrowed(
            to: survey.tasks, captioning: Set(survey.firstWithoutCaption.keys.compactMap(\.captionedMedium)))
        // Models that are not named are a problem of their own.
        let found = models.inspect(job)
        var rows = PlannedRows(
            .generation(job), job, probe: inputs, threads: threads, survey, maximumFrames: found.maximumFrames)
        try rows.readAll()
        guard try manifest == FileIdentity(path: job.manifest, hashing: false) else {
            throw ManifestError.changed(path: job.manifest)
        }
        let (bytes, all, rejected) = (rows.expectedBytes.total, rows.problems, rows.rejected)
        let plan = try rows.finish()
        var problems = PlanProblems(manifest: job.manifest, policy: job.invalidRows)
        problems.rows = job.invalidRows == .fail ? all : rejected
        problems.others = settings + found.problems + tooLong(plan, job, found.maximumFrames)
        if plan.tally.samples == plan.tally.invalid, problems.rows.isEmpty {
            problems.others.append(
                "no row of the manifest can be used; the first: \(all.first.first?.description ?? "none")")
        }
        let free = problems.checkRoom(for: bytes, at: output)
        guard problems.isEmpty else { throw PlanningError.problems(problems) }
        return PreparedPlan(
            job: job, plan: plan, models: found.models, labels: found.labels, invalidRows: all,
            wideSeeds: survey.seeds.wide,
            expectedBytes: bytes, freeBytes: free)
    }

    /// What the job lacks for the tasks of usable rows, a sentence each, with the first row of the task.
    private func settings(_ job: Job, for survey: ManifestSurvey) -> [String] {
        func inOrder(
            _ rows: [GenerationTask: Int], _ problems: (GenerationTask, String) -> [JobProblem]
        ) -> [String] {
            rows.sorted { $0.value < $1.value }.flatMap { task, row in
                problems(task, "row \(row), task \(task.rawValue)").map(\.description)
            }
        }
        return inOrder(survey.firstUsable, job.problems)
            + inOrder(survey.firstWithoutCaption) { job.captionProblems(of: $0, location: $1, servers: false) }
    }

    /// Videos whose frames the job itself sets too high; those of rows are the rows' problems.
    private func tooLong(_ plan: Plan, _ job: Job, _ most: Int?) -> [String] {
        guard let most else { return [] }
        return plan.tally.made.keys.compactMap { task in
            job.settings(for: task).sampling.video?.length.map { (task, $0.frames) }
        }
        .filter { $0.1 > most }
        .map { task, frames in
            "task \(task.rawValue): `sampling.frames` is \(frames) and models.motion has positions for \(most) frames; "
                + "it must be from 1 to \(most)"
        }.sorted()
    }
}

/// A plan that passed every check and is not written yet.
package struct PreparedPlan: Sendable {
    package let job: Job
    package let plan: Plan
    package let models: [ModelIdentity]
    /// Entries of the list of labels; nil where the job uses none.
    package let labels: Int?
    /// Rows that become failed samples, with `invalid_rows: record`.
    package let invalidRows: RowProblems
    /// Seeds of which a part is not read.
    package let wideSeeds: WideSeeds?
    /// Bytes that the run is expected to write.
    package let expectedBytes: Int64
    /// Free bytes of the run directory's disk; nil where the system does not tell.
    package let freeBytes: Int64?

    /// What may not be meant as it is written, a sentence each.
    package var notes: [String] { [wideSeeds?.description, shortList].compactMap { $0 } }

    private var shortList: String? {
        guard let labels, labels < NoiseGuidanceSettings.leastCaptions else { return nil }
        let weighing = GenerationTask.allCases.filter { task in
            guard plan.tally.made[task] != nil, case .noise(let noise) = job.settings(for: task).guidance.gradient
            else { return false }
            return noise.weighsCaption
        }
        guard !weighing.isEmpty else { return nil }
        return
            "\(weighing.map(\.rawValue).joined(separator: ", ")): a list of \(labels) is too short to tell how well a "
            + "caption fits, and every caption is followed; give `labels` at least \(NoiseGuidanceSettings.leastCaptions) "
            + "captions"
    }

    /// What is done for the samples of a task, at their mean length; nil where the plan makes none.
    package func summary(of task: GenerationTask) -> GuidanceSummary? {
        plan.tally.made[task].map { made in
            let extent = SampleExtent(
                duration: made.duration / Double(max(made.samples, 1)), frames: made.frames?.upperBound)
            return GuidanceSummary(job, task, extent, labels: labels)
        }
    }

    /// Writes the run directory, or finds the same plan there already.
    /// - Throws: `RunError`.
    package func publish(in directory: RunDirectory) throws(RunError) -> (run: Run, publication: Run.Publication) {
        try Run.publish(plan, .generation(job), models: models, expectedBytes: expectedBytes, in: directory)
    }
}
