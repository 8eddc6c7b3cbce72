internal import Files
internal import Foundation
internal import Method
package import Planning

/// Looks at the networks of a run of features.
package protocol FeatureModelProbe: Sendable {
    /// Their files, or every problem with them.
    func inspect(_ job: FeatureJob) -> ModelInspection
}

extension CheckpointProbe: FeatureModelProbe {}

/// Plans a run that takes the features that metrics need.
package struct EvaluationPlanner: Sendable {
    private let models: any FeatureModelProbe

    package init(models: any FeatureModelProbe = CheckpointProbe()) { self.models = models }

    /// Looks at both sides, at the networks and at the disk. Writes nothing. Blocks.
    /// - Parameter output: the run directory, whose disk must have room; it need not exist.
    /// - Throws: ``EvaluationPlanError``.
    package func prepare(
        _ request: EvaluationRequest, output: String
    ) throws(EvaluationPlanError) -> PreparedFeatures {
        let job = try request.job()
        let inspection = models.inspect(job)
        guard inspection.problems.isEmpty else { throw .models(inspection.problems) }
        var notes: [String] = []
        var names: [FeatureJob.Side: Set<String>] = [:]
        var bytes: Int64 = 0
        do {
            var writer = PlanWriter<EvaluatedSample>(.features(job))
            for source in job.sources {
                let set = try EvaluatedSet(source.path, side: source.side)
                names[source.side] = Set(set.samples.map(\.name))
                // A sample's record beside its features; and the segments, which lie beside the shards for a while.
                bytes += 2 * Int64(set.samples.count) * (2_000 + source.features.reduce(0) { $0 + $1.expectedBytes })
                for sample in set.samples { try writer.append(sample.only(for: source.features)) }
                if !set.failed.isEmpty {
                    notes.append("\(source.path): \(set.failed.count) samples of the run failed and are left out")
                }
                if set.pending > 0 {
                    notes.append(
                        "\(source.path): \(set.pending) samples are not in a finished shard yet and are left out")
                }
            }
            let free = DiskSpace.available(at: URL(filePath: output).standardizedFileURL.path)
            if let free, free < bytes { throw EvaluationPlanError.room(output: output, free: free, needed: bytes) }
            return PreparedFeatures(
                job: job, plan: try writer.finish(), models: inspection.models, expectedBytes: bytes,
                notes: notes + Self.overlap(names[.generated], names[.reference]))
        } catch let error as EvaluationPlanError {
            throw error
        } catch let error as EvaluatedSetError {
            throw .set(error)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// What one side has and the other lacks.
    private static func overlap(_ generated: Set<String>?, _ reference: Set<String>?) -> [String] {
        guard let generated, let reference else { return [] }
        func lacks(_ side: String, _ names: Set<String>, of other: String) -> String? {
            guard let first = names.min() else { return nil }
            return "\(side) lacks \(names.count) of the names of \(other), such as \(first)"
        }
        return [
            lacks("the reference", generated.subtracting(reference), of: "the generated side"),
            lacks("the generated side", reference.subtracting(generated), of: "the reference"),
        ].compactMap { $0 }
    }
}

/// A plan of features that is not written yet.
package struct PreparedFeatures: Sendable {
    package let job: FeatureJob
    package let plan: Plan
    package let models: [ModelIdentity]
    /// Bytes that the run is expected to write.
    package let expectedBytes: Int64
    /// What may not be meant, a sentence each.
    package let notes: [String]

    /// Writes the run directory, or finds the same plan there already.
    /// - Throws: `RunError`.
    package func publish(in directory: RunDirectory) throws(RunError) -> Run {
        try Run.publish(plan, .features(job), models: models, expectedBytes: expectedBytes, in: directory).run
    }
}
