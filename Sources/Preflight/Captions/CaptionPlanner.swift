internal import Files
package import Foundation
internal import Method
package import Planning

/// Plans a run that captions the rows of a job's manifest.
package struct CaptionPlanner: Sendable {
    private let inputs: any InputProbe
    private let models: any ModelProbe
    private let server: any CaptionServerProbe
    private let threads: Int

    /// - Parameters:
    ///   - inputs: Looks into media files.
    ///   - models: Finds model files.
    ///   - server: Asks the server that captions what no model does.
    ///   - threads: Media files that are looked at at once.
    package init(
        inputs: any InputProbe, models: any ModelProbe, server: any CaptionServerProbe,
        threads: Int = min(32, 4 * ProcessInfo.processInfo.activeProcessorCount)
    ) {
        self.inputs = inputs
        self.models = models
        self.server = server
        self.threads = threads
    }

    /// Reads the job and looks at everything that its captions need. Writes nothing. Blocks.
    ///
    /// - Parameters:
    ///   - overrides: Settings of the command line.
    ///   - output: The run directory, whose disk must have room; it need not exist.
    /// - Throws: ``PlanningError`` with all problems.
    package func prepare(
        _ request: CaptionRequest, overrides: [String] = [], output: URL
    ) throws(PlanningError) -> PreparedCaptions {
        let job: Job
        do throws(JobError) {
            job = try JobFile.load(URL(filePath: request.job), overrides: overrides)
        } catch {
            throw .job(error)
        }
        return try PlanningError.naming(job.manifest) {
            try prepared(job, everyRow: request.everyRow, output: output)
        }
    }

    private func prepared(_ whole: Job, everyRow: Bool, output: URL) throws -> PreparedCaptions {
        var problems = PlanProblems(manifest: whole.manifest, policy: whole.invalidRows)
        guard whole.caption == .model else {
            problems.others = [
                "`caption` is \(whole.caption.rawValue): set `caption: model`, and name models in `captioner`"
            ]
            throw PlanningError.problems(problems)
        }
        let manifest = try? FileIdentity(path: whole.manifest, hashing: false)
        let survey = try ManifestSurvey(whole)
        let tasks = everyRow ? survey.firstUsable : survey.firstWithoutCaption
        let settings = tasks.sorted { $0.value < $1.value }.flatMap { task, row in
            whole.captionProblems(of: task, location: "row \(row), task \(task.rawValue)", servers: true).map(
                \.description)
        }
        var captions = CaptionJob(
            whole.narrowed(to: survey.tasks, captioning: Set(tasks.keys.compactMap(\.captionedMedium))),
            everyRow: everyRow)
        let found = models.inspect(captions.job)
        var rows = PlannedRows(
            .captions(captions), captions.job, probe: inputs, threads: threads, survey,
            where: { captions.captions($0.task, prompt: $0.prompt) })
        try rows.readAll()
        guard try manifest == FileIdentity(path: whole.manifest, hashing: false) else {
            throw ManifestError.changed(path: whole.manifest)
        }
        let (all, rejected) = (rows.problems, rows.rejected)
        let plan = try rows.finish()
        problems.rows = whole.invalidRows == .fail ? all : rejected
        problems.others = settings + found.problems
        if plan.tally.samples == 0 {
            problems.others.append(
                "every row has a prompt already: there is nothing to caption; --all captions them anew")
        }
        // A record of a caption, and its row; and the segments, which lie beside the shards for a while.
        let bytes = 4_000 * Int64(plan.tally.samples)
        problems.checkRoom(for: bytes, at: output)
        guard problems.isEmpty else { throw PlanningError.problems(problems) }
        // Last, for it may be waited for.
        if let captioner = captions.job.captioner, let asked = captioner.server {
            do {
                captions.job.captioner?.server?.model = try server.model(of: asked, for: captioner)
            } catch {
                throw PlanningError.server(error)
            }
        }
        return PreparedCaptions(captions: captions, plan: plan, models: found.models, expectedBytes: bytes)
    }
}

/// What somebody wants to have captioned, as the command line says it.
package struct CaptionRequest: Sendable {
    /// The job file.
    package var job: String
    /// Whether rows that have a prompt get another one.
    package var everyRow: Bool

    package init(job: String, everyRow: Bool) {
        self.job = job
        self.everyRow = everyRow
    }
}

/// A plan of captions that is not written yet.
package struct PreparedCaptions: Sendable {
    package let captions: CaptionJob
    package let plan: Plan
    package let models: [ModelIdentity]
    package let expectedBytes: Int64

    /// Writes the run directory, or finds the same plan there already.
    /// - Throws: `RunError`.
    package func publish(in directory: RunDirectory) throws(RunError) -> Run {
        try Run.publish(plan, .captions(captions), models: models, expectedBytes: expectedBytes, in: directory).run
    }
}
