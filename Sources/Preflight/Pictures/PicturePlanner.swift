internal import Files
package import Foundation
internal import JSON
package import Method
package import Planning

/// What somebody wants to have redrawn, as the command line says it.
package struct PictureRequest: Sendable {
    /// The manifest with rows of pictures and videos.
    package var manifest: String
    /// The generator's weights.
    package var model: String
    package var keepsBrightness = true
    /// Which frame of a video stands for it.
    package var keyFrames = KeyFrameRule.seehear
    package var device = Job.Device.auto
    package var threads: Int?
    package var gather = Job.Gather.shared

    package init(manifest: String, model: String) {
        self.manifest = manifest
        self.model = model
    }

    /// How the manifest is read, as a job file would say it.
    func job() throws(JobError) -> Job {
        // Paths as JSON, which is YAML as well.
        let path = (try? JSONCoding.encode(URL(filePath: manifest).standardizedFileURL.path)) ?? []
        var job = try JobFile.resolve(
            """
            task: i2a
            manifest: \(String(decoding: path, as: UTF8.self))
            models: {binder: none}
            """, path: manifest)
        job.models[.imageBind] = nil
        job.keyFrames = keyFrames == .seehear ? nil : keyFrames
        (job.device, job.threads, job.gather) = (device, threads, gather)
        return job
    }
}

/// Looks at the weights of a run of pictures.
package protocol PictureModelProbe: Sendable {
    /// Their files, or every problem with them.
    func inspect(_ pictures: PictureJob) -> ModelInspection
}

extension CheckpointProbe: PictureModelProbe {}

/// Plans a run that redraws the pictures of a manifest.
package struct PicturePlanner: Sendable {
    private let inputs: any InputProbe
    private let models: any PictureModelProbe
    private let threads: Int

    /// - Parameters:
    ///   - inputs: Looks into media files.
    ///   - models: Looks at the weights.
    ///   - threads: Media files that are looked at at once.
    package init(
        inputs: any InputProbe, models: any PictureModelProbe = CheckpointProbe(),
        threads: Int = min(32, 4 * ProcessInfo.processInfo.activeProcessorCount)
    ) {
        self.inputs = inputs
        self.models = models
        self.threads = threads
    }

    /// Looks at the manifest, its files, the weights and the disk. Writes nothing. Blocks.
    /// - Parameter output: the run directory, whose disk must have room; it need not exist.
    /// - Throws: ``PlanningError`` with all problems.
    package func prepare(_ request: PictureRequest, output: URL) throws(PlanningError) -> PreparedPictures {
        let job: Job
        do throws(JobError) {
            job = try request.job()
        } catch {
            throw .job(error)
        }
        let pictures = PictureJob(
            job, model: URL(filePath: request.model).standardizedFileURL.path,
            keepsBrightness: request.keepsBrightness)
        return try PlanningError.naming(request.manifest) { try prepared(pictures, output: output) }
    }

    private func prepared(_ pictures: PictureJob, output: URL) throws -> PreparedPictures {
        let job = pictures.job
        let survey = try ManifestSurvey(job)
        let found = models.inspect(pictures)
        var rows = PlannedRows(.pictures(pictures), job, probe: inputs, threads: threads, survey)
        try rows.readAll()
        let all = rows.problems
        let plan = try rows.finish()
        var problems = PlanProblems(manifest: job.manifest, policy: job.invalidRows)
        problems.rows = all
        problems.others =
            survey.firstUsable.filter { $0.key.captionedMedium != .image }.sorted { $0.value < $1.value }.map {
                "row \($0.value), task \($0.key.rawValue): there is no picture to redraw; leave such rows out"
            } + found.problems
        // A picture of a megapixel as PNG, and the segments, which lie beside the shards for a while; and the files.
        let bytes = 6_000_000 * Int64(plan.tally.samples)
        problems.checkRoom(for: bytes, at: output)
        guard problems.isEmpty else { throw PlanningError.problems(problems) }
        return PreparedPictures(pictures: pictures, plan: plan, models: found.models, expectedBytes: bytes)
    }
}

/// A plan of pictures that is not written yet.
package struct PreparedPictures: Sendable {
    package let pictures: PictureJob
    package let plan: Plan
    package let models: [ModelIdentity]
    package let expectedBytes: Int64

    /// Writes the run directory, or finds the same plan there already.
    /// - Throws: `RunError`.
    package func publish(in directory: RunDirectory) throws(RunError) -> Run {
        try Run.publish(plan, .pictures(pictures), models: models, expectedBytes: expectedBytes, in: directory).run
    }
}
