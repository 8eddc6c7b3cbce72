internal import Files
internal import Foundation
internal import Method
internal import Shard

/// A planned run: its directory with the job and the plan that `run.json` fixes.
package struct Run: Sendable {
    package let directory: RunDirectory
    package let description: RunDescription
    package let plan: Plan

    /// The resolved job of a run that generates.
    package var job: Job { description.recipe.job }

    /// What publishing a plan did.
    package enum Publication: Sendable, Equatable {
        /// The directory is new.
        case created
        /// The directory has this very plan already; a worker resumes it.
        case unchanged
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

    /// Reads a run with its plan, and checks both against their hashes.
    /// - Throws: ``RunError``.
    package static func open(_ directory: RunDirectory) throws(RunError) -> Run {
        let description = try describe(directory)
        let samples = try description.plan.read(in: directory.url)
        let plan = Plan(samples: samples, job: description.recipe.job)
        guard plan.samples == samples else {
            throw .damaged(path: directory.plan.path, reason: "its rows are not in the batches and shards of the job")
        }
        let unset = Plan.tasks(of: samples).subtracting(description.recipe.job.tasks.keys)
        if let task = unset.map(\.rawValue).min() {
            throw .damaged(path: directory.description.path, reason: "it has no settings for task \(task)")
        }
        return Run(directory: directory, description: description, plan: plan)
    }

    /// Makes a run directory, or finds that it is there already.
    ///
    /// The plan's rows are written first and `run.json` last, so that a directory with `run.json` is whole.
    /// - Throws: ``RunError``; ``RunError/conflict(path:differences:)`` where the directory has another plan.
    package static func publish(
        _ plan: Plan, job: Job, models: [ModelIdentity], expectedBytes: Int64, in directory: RunDirectory
    ) throws(RunError) -> (run: Run, publication: Publication) {
        let encoded: (record: PlanFile, bytes: [UInt8])
        let json: [UInt8]
        let description: RunDescription
        do {
            encoded = try PlanFile.encode(plan.samples)
            description = RunDescription(
                recipe: .generation(job), plan: plan, file: encoded.record, models: models, expectedBytes: expectedBytes
            )
            json = try description.json()
        } catch {
            throw .unwritable(path: directory.url.path, reason: "\(error)")
        }
        if PathKind(directory.description.path) == .file {
            let old = try describe(directory)
            guard old.configSHA256 == description.configSHA256 else {
                let differences = RunDifferences(old: old, new: description, plan: plan, directory: directory)
                throw .conflict(path: directory.url.path, differences: differences.lines)
            }
            return (Run(directory: directory, description: old, plan: plan), .unchanged)
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
            try AtomicFile.write(encoded.bytes, to: directory.plan.path)
            try AtomicFile.write(json, to: directory.description.path)
        } catch {
            throw .unwritable(path: directory.url.path, reason: "\(error)")
        }
        return (Run(directory: directory, description: description, plan: plan), .created)
    }
}
