/// What a worker says of a batch that it wants to hand to the coordinator (`gather: mpi`). The batch travels as its sidecar
/// followed by its data.
package enum SegmentMessage: Sendable, Hashable {
    /// The batch is done; fetch it. May be said again.
    case offered(sidecarBytes: Int, dataBytes: Int)
    /// Bytes from an offset on, as they were asked for.
    case piece(offset: Int, [UInt8])
}

/// What the coordinator answers.
package enum SegmentAnswer: Sendable, Hashable {
    /// Send so many bytes from an offset on.
    case fetch(offset: Int, count: Int)
    /// The batch is committed, with these bytes or with those of another worker.
    case stored(published: Bool)
    /// It cannot be committed; the sentence says why.
    case refused(String)
}

/// A part of the files that make a run, for a rank that does not see the run directory: `run.json` followed by the plan.
package struct RunPiece: Sendable, Hashable {
    /// Bytes of each file; nil where all ranks see the run directory, and nothing is sent.
    package var sizes: Sizes?
    /// Where ``bytes`` belong.
    package var offset = 0
    package var bytes: [UInt8] = []

    /// Bytes of each file.
    package struct Sizes: Sendable, Hashable {
        package var description: Int
        package var plan: Int

        package init(description: Int, plan: Int) {
            self.description = description
            self.plan = plan
        }

        var total: Int { description + plan }
    }

    /// A part; by default the word that nothing needs to be sent.
    package init(sizes: Sizes? = nil, offset: Int = 0, bytes: [UInt8] = []) {
        self.sizes = sizes
        self.offset = offset
        self.bytes = bytes
    }
}
