internal import Files
internal import Foundation
internal import Method
internal import Shard

/// A planned run: its directory with the job and the plan that `run.json` fixes.
package struct Run: Sendable {
    package let directory: RunDirectory
    package let description: RunDescription
    /// Key → batch → shard.
    package let layout: PlanLayout
    /// One for each sample.
    package let rows: PlanRows

    /// What publishing a plan did.
    package enum Publication: Sendable, Equatable {
        /// The directory is new.
        case created
        /// The directory has this very plan already; a worker resumes it.
        case unchanged
        /// The directory has this plan, and `run.json` now names other places: one line for each.
        case moved([String])
    }

    /// Reads `run.json` alone.
    /// - Throws: ``RunError``.
    package static func describe(_ directory: RunDirectory) throws(RunError) -> RunDescription {
        let path = directory.description.path
        guard PathKind(path) != .nothing else { throw .notARun(path: directory.url.path) }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: path, limit: RunDescription.maximumBytes, followingLinks: false)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        return try RunDescription(parsing: bytes, path: path)
    }

    /// Opens a run. Of its plan nothing is read but what is asked for, so that a rank of a large run stays small; each
    /// piece is held against `run.json` then.
    /// - Throws: ``RunError``.
    package static func open(_ directory: RunDirectory) throws(RunError) -> Run {
        let description = try describe(directory)
        return Run(
            directory, description, try PlanRows(description.plan, of: description.recipe.rowType, in: directory.url))
    }

    private init(_ directory: RunDirectory, _ description: RunDescription, _ rows: PlanRows) {
        self.directory = directory
        self.description = description
        self.rows = rows
        layout = description.layout
    }

    /// The samples of a batch. Blocks.
    /// - Throws: ``RunError``.
    package func samples(of batch: Int) throws(RunError) -> [any PlanRow] {
        try rows.samples(layout.samples(ofBatch: batch))
    }

    /// The samples of a batch, of the kind that the run's recipe has. Blocks.
    /// - Throws: ``RunError``.
    package func samples<Row: PlanRow>(of batch: Int, as kind: Row.Type) throws(RunError) -> [Row] {
        try samples(of: batch).compactMap { $0 as? Row }
    }

    /// Reads the whole plan once, checks it against `run.json`, and counts. Blocks.
    /// - Throws: ``RunError``.
    package func tally() throws(RunError) -> PlanTally {
        var tally = PlanTally()
        let recipe = description.recipe
        do {
            try rows.forEach { sample in
                guard sample.batch == layout.batch(ofSample: sample.index),
                    sample.shard == layout.shard(ofSample: sample.index)
                else {
                    throw RunError.damaged(
                        path: directory.plan.path,
                        reason: "row \(sample.index) is not in the batch and shard that the run puts it in")
                }
                tally.add(sample, recipe)
            }
        } catch let error as RunError {
            throw error
        } catch {
            throw .unreadable(path: directory.plan.path, reason: "\(error)")
        }
        let counted = RunDescription.Counts(tally, layout)
        guard counted == description.counts else {
            throw .damaged(
                path: directory.description.path,
                reason:
                    "it counts \(description.counts.samples) samples, \(description.counts.invalid) of them invalid, and "
                    + "the plan has \(counted.samples), \(counted.invalid) of them invalid")
        }
        if let job = recipe.job, let task = tally.tasks.subtracting(job.tasks.keys).map(\.rawValue).min() {
            throw .damaged(path: directory.description.path, reason: "it has no settings for task \(task)")
        }
        return tally
    }

    /// Makes a run directory, or finds that it is there already.
    ///
    /// The plan's rows are written first and `run.json` last, so that a directory with `run.json` is whole. Where the very
    /// plan is there and only places differ, such as those of the models, `run.json` gets the new ones: that is the way on for
    /// a run whose models were moved.
    /// - Throws: ``RunError``; ``RunError/conflict(path:differences:)`` where the directory has another plan.
    package static func publish(
        _ plan: Plan, _ recipe: Recipe, models: [ModelIdentity], expectedBytes: Int64, in directory: RunDirectory
    ) throws(RunError) -> (run: Run, publication: Publication) {
        let description = RunDescription(
            recipe: recipe, plan: plan, models: models, expectedBytes: expectedBytes)
        if PathKind(directory.description.path) != .nothing {
            return try renew(description, plan, in: directory)
        }
        for folder in [directory.layout.shards, directory.layout.segments] {
            if let name = (try? Directory.names(in: folder))?.first {
                throw .occupied(path: directory.url.path, found: name)
            }
        }
        do throws(FileError) {
            try Directory.create(directory.logs.path)
            try directory.layout.create()
        } catch {
            throw .unwritable(path: directory.url.path, reason: error.reason)
        }
        do {
            var file = try AtomicFile(folder: directory.url.path, name: PlanFile.fileName)
            for frame in plan.rows.record.frames.indices { try file.write(plan.rows.bytes(of: frame)) }
            _ = try file.publish(.replaceExisting)
            try AtomicFile.write(description.json(), to: directory.description.path)
        } catch {
            throw .unwritable(path: directory.url.path, reason: "\(error)")
        }
        return (Run(directory, description, plan.rows), .created)
    }

    /// What to do where a run is there already.
    private static func renew(
        _ description: RunDescription, _ plan: Plan, in directory: RunDirectory
    ) throws(RunError) -> (run: Run, publication: Publication) {
        let old = try open(directory)
        guard old.description.configSHA256 == description.configSHA256 else {
            let differences = RunDifferences(old: old, new: description, rows: plan.rows)
            throw .conflict(path: directory.url.path, differences: differences.lines)
        }
        // That the same rows are there is known once they are read.
        _ = try old.tally()
        let places = RunDifferences.places(old.description, description)
        guard !places.isEmpty else { return (old, .unchanged) }
        var moved = old.description
        moved.recipe = description.recipe
        moved.models = description.models
        do {
            // Nobody may be at work with the old places.
            let lock = try RunLock(directory)
            defer { withExtendedLifetime(lock) {} }
            try AtomicFile.write(moved.json(), to: directory.description.path)
        } catch let error as RunLockError {
            throw .busy(error.description)
        } catch {
            throw .unwritable(path: directory.description.path, reason: "\(error)")
        }
        return (Run(directory, moved, old.rows), .moved(places))
    }
}
