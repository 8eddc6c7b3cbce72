package import Method

/// What a run of captions does: it captions rows of a job's manifest as a run of the job itself would.
package struct CaptionJob: Codable, Sendable, Equatable {
    /// The job: its captioner, its key frames, and how it reads inputs. What captions do not depend on is left out.
    package var job: Job
    /// Whether rows that have a prompt get another one.
    package var everyRow: Bool

    package init(_ job: Job, everyRow: Bool) {
        self.job = job.forRecords
        // A server is asked about the rows of a batch side by side: few would leave it idle.
        if job.captioner?.server != nil { self.job.batch = max(job.batch, min(Self.askedTogether, job.shard)) }
        self.everyRow = everyRow
    }

    /// Rows of a batch that a server captions, at least. Not the job's `parallel`, which may differ when a run goes on.
    private static let askedTogether = 32

    private enum CodingKeys: String, CodingKey {
        case job
        case everyRow = "every_row"
    }

    /// Without the places it was read from and without what leaves every byte of the shards as it is.
    var withoutPlaces: CaptionJob {
        var captions = self
        captions.job = job.withoutPlaces
        return captions
    }

    /// Whether a row is captioned.
    /// - Parameter prompt: of the row.
    package func captions(_ task: GenerationTask, prompt: String?) -> Bool {
        task.captionedMedium != nil && (everyRow || prompt == nil)
    }
}

extension Job {
    /// The job with nothing in it that only what is generated depends on, so that a change of it leaves a run of captions, or of
    /// pictures, as it is.
    var forRecords: Job {
        var job = self
        for family in ModelFamily.allCases where family != .imageBind { job.models[family] = nil }
        for task in job.tasks.keys {
            job.tasks[task]?.guidance = .off
            job.tasks[task]?.members = [.json]
        }
        (job.preset, job.labels, job.negativePrompt, job.seed, job.seedMode) = (.official, nil, "", 0, .hash)
        (job.precision, job.memory, job.tf32, job.graphs) = (.fp32, .auto, nil, nil)
        return job
    }
}
