internal import Files
internal import JSON
internal import Shard

/// Writes a plan row by row, in memory: numbers the samples, counts them, and compresses them frame by frame.
package struct PlanWriter<Row: PlanRow>: ~Copyable {
    private let recipe: Recipe
    private let layout: PlanLayout
    private var tally = PlanTally()
    private var frames: [PlanFile.Frame] = []
    private var content: [[UInt8]] = []
    private var hash = SHA256()
    private var writer = JSONWriter()

    /// A plan without rows.
    /// - Parameter recipe: whose batches and shards the samples are put into, and whose settings tell what they cost.
    package init(_ recipe: Recipe) {
        self.recipe = recipe
        layout = PlanLayout(samples: .max, shard: recipe.shard, batch: recipe.batch)
    }

    /// Adds the next sample.
    /// - Parameter sample: its `index`, `batch` and `shard` are overwritten.
    /// - Returns: the sample with its numbers.
    /// - Throws: `ZstdError` where the compressor fails.
    @discardableResult
    package mutating func append(_ sample: Row) throws -> Row {
        var sample = sample
        sample.index = tally.samples
        sample.batch = layout.batch(ofSample: sample.index)
        sample.shard = layout.shard(ofSample: sample.index)
        tally.add(sample, recipe)
        sample.write(to: &writer)
        if tally.samples % PlanFile.rowsPerFrame == 0 { try endFrame() }
        return sample
    }

    private mutating func endFrame() throws {
        let frame = try ZstdFrame.compress(writer.bytes)
        frames.append(
            PlanFile.Frame(bytes: frame.count, sha256: SHA256.hexadecimalDigest(of: writer.bytes)))
        // A copy, without the room that the compressor was given.
        content.append(frame.withUnsafeBytes { Array($0) })
        hash.update(writer.bytes)
        writer.clear()
    }

    /// Ends the plan.
    /// - Throws: `ZstdError` where the compressor fails.
    package consuming func finish() throws -> Plan {
        if tally.samples % PlanFile.rowsPerFrame != 0 { try endFrame() }
        let file = PlanFile(
            file: PlanFile.fileName, rows: tally.samples, rowsPerFrame: PlanFile.rowsPerFrame, frames: frames,
            sha256: hash.hexadecimalDigest)
        return Plan(
            layout: PlanLayout(samples: tally.samples, shard: recipe.shard, batch: recipe.batch), tally: tally,
            rows: PlanRows(file, of: Row.self, frames: content))
    }
}
