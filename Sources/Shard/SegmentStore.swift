package import Files
/// The published batches of a run, `segments/`: where workers put them and the coordinator finds them.
///
/// All calls block on the file system.
package struct SegmentStore: Sendable {
    /// What came of publishing a batch.
    package enum Publication: Sendable, Equatable {
        /// The batch is committed.
        case published
        /// Another publisher had committed it before; what it published stands.
        case lost
    }

    /// What came of the samples of a published batch.
    package struct Batch: Sendable, Equatable {
        /// Samples that stand in it.
        package var made: Int
        /// Samples that failed.
        package var failed: Int
    }

    /// The batches that a run directory holds.
    package struct Scan: Sendable {
        /// The committed batches by number. Their data was checked for its length, not for its hash.
        package var committed: [Int: Batch] = [:]
        /// Batches whose sidecar or data is damaged: discard them and have them done again.
        package var damaged: [Int: SegmentError] = [:]
    }

    /// Where the run's files lie.
    package let layout: RunLayout
    /// The hash of the job that all batches must carry.
    package let configSHA256: String
    /// Where a batch stands in the plan; nil for a store that need not know.
    private let placeOf: (@Sendable (Int) -> BatchPlace?)?
    private let faults: FaultHook

    /// Makes a store; nothing is touched.
    /// - Parameter placeOf: where a batch stands in the plan, nil for one that it does not have. What is found is held against
    ///   it, and what comes late is not published: a host that stood still while the others finished the run must not bring
    ///   back a batch whose shard is made.
    package init(
        layout: RunLayout, configSHA256: String, placeOf: (@Sendable (Int) -> BatchPlace?)? = nil,
        faults: FaultHook = .none
    ) {
        self.placeOf = placeOf
        self.layout = layout
        self.configSHA256 = configSHA256
        self.faults = faults
    }

    /// Publishes a batch: its data first, then its sidecar, which commits it. The first publication wins.
    /// - Throws: ``FileError``; ``SegmentError/foreignJob(batch:found:expected:)`` for a segment of another job.
    package func publish(_ segment: EncodedSegment) throws -> Publication {
        guard let incoming = try receive(segment.sidecar, json: segment.sidecarJSON()) else { return .lost }
        try incoming.append(segment.data)
        return try incoming.publish()
    }

    /// Begins to take a batch whose data comes in pieces.
    /// - Parameters:
    ///   - sidecarJSON: its sidecar as it was sent.
    ///   - batch: the batch that it is said to be.
    /// - Returns: nil where the batch is committed already.
    /// - Throws: ``RecordError`` for a sidecar that is none; ``SegmentError`` for one of another batch or job; ``FileError``.
    package func receive(sidecarJSON: [UInt8], batch: Int) throws -> IncomingSegment? {
        let sidecar = try SegmentSidecar(parsing: sidecarJSON, name: "the received sidecar")
        guard sidecar.batch == batch else {
            throw SegmentError.corrupt(batch: batch, problem: "the received sidecar describes batch \(sidecar.batch)")
        }
        return try receive(sidecar, json: sidecarJSON)
    }

    private func receive(_ sidecar: SegmentSidecar, json: [UInt8]) throws -> IncomingSegment? {
        guard sidecar.configSHA256 == configSHA256 else {
            throw SegmentError.foreignJob(batch: sidecar.batch, found: sidecar.configSHA256, expected: configSHA256)
        }
        let path = "\(layout.segments)/\(RunLayout.sidecarName(batch: sidecar.batch))"
        guard Directory.fileSize(path) == nil, !isInShard(sidecar.batch) else { return nil }
        return try IncomingSegment(sidecar, json: json, store: self, faults: faults)
    }

    /// Whether the batch's shard is made, as far as this store can know.
    func isInShard(_ batch: Int) -> Bool {
        guard let place = placeOf?(batch) else { return false }
        return Directory.fileSize("\(layout.shards)/\(RunLayout.recordName(shard: place.shard))") != nil
    }

    /// The sidecar of a batch, or nil if it is not committed.
    /// - Throws: ``SegmentError`` if it is damaged, not the planned one, lacks its data or belongs to another job; ``FileError``.
    package func sidecar(batch: Int) throws -> SegmentSidecar? {
        let name = RunLayout.sidecarName(batch: batch)
        let path = "\(layout.segments)/\(name)"
        guard let json = try json(at: path, batch: batch) else { return nil }
        let sidecar: SegmentSidecar
        do throws(RecordError) {
            sidecar = try SegmentSidecar(parsing: json, name: name)
        } catch {
            throw SegmentError.corrupt(batch: batch, problem: error.description)
        }
        guard sidecar.batch == batch else {
            throw SegmentError.corrupt(batch: batch, problem: "\(name) describes batch \(sidecar.batch)")
        }
        guard sidecar.configSHA256 == configSHA256 else {
            throw SegmentError.foreignJob(batch: batch, found: sidecar.configSHA256, expected: configSHA256)
        }
        if let placeOf {
            guard let place = placeOf(batch) else {
                throw SegmentError.corrupt(batch: batch, problem: "the plan has no such batch")
            }
            try sidecar.requireIndices(place.samples)
        }
        if sidecar.bytes > 0 {
            let size = Directory.fileSize("\(layout.segments)/\(sidecar.dataName)")
            guard size == sidecar.bytes else {
                let found = size.map { "has \($0) bytes instead of \(sidecar.bytes)" } ?? "is missing"
                throw SegmentError.corrupt(batch: batch, problem: "its data file \(sidecar.dataName) \(found)")
            }
        }
        return sidecar
    }

    /// The bytes of a sidecar; nil where there is none.
    /// - Throws: ``SegmentError`` for what is none, such as a link or a pipe; ``FileError`` for what may pass.
    private func json(at path: String, batch: Int) throws -> [UInt8]? {
        do throws(FileError) {
            guard let file = try InputFile.ofRun(path) else { return nil }
            return try file.readAll(limit: RecordJSON.maximumLength)
        } catch {
            guard error.obstacle != nil || error.isTooLong else { throw error }
            throw SegmentError.corrupt(batch: batch, problem: error.description)
        }
    }

    /// Reads all sidecars. Temporary files and data without a sidecar are passed over: they were never committed.
    /// - Throws: ``FileError``; ``SegmentError/foreignJob(batch:found:expected:)`` if one belongs to another job.
    package func scan() throws -> Scan {
        var scan = Scan()
        for name in try Directory.names(in: layout.segments) {
            guard case .sidecar(let batch) = RunLayout.FileKind(name) else { continue }
            do {
                guard let rows = try sidecar(batch: batch)?.rows else { continue }
                let made = rows.count { $0.status == .ok }
                scan.committed[batch] = Batch(made: made, failed: rows.count - made)
            } catch let error as SegmentError {
                if case .foreignJob = error { throw error }
                scan.damaged[batch] = error
            }
        }
        return scan
    }

    /// Removes batches with all their files, published or not; those that are not there are fine. The sidecars go first,
    /// so that at no time a batch is committed without its data.
    /// - Throws: ``FileError``.
    package func discard(batches: some Sequence<Int>) throws {
        let batches = Set(batches)
        var data: [String] = []
        for name in try Directory.names(in: layout.segments) {
            switch RunLayout.FileKind(name) {
            case .sidecar(let batch) where batches.contains(batch):
                try faults.pass(.remove, name)
                try Directory.remove("\(layout.segments)/\(name)")
            case .segment(let batch) where batches.contains(batch): data.append(name)
            default: break
            }
        }
        if !data.isEmpty { try Directory.synchronize(layout.segments) }
        for name in data {
            try faults.pass(.remove, name)
            try Directory.remove("\(layout.segments)/\(name)")
        }
    }

    /// Removes one batch, so that it can be done and published again.
    /// - Throws: ``FileError``.
    package func discardSegment(batch: Int) throws { try discard(batches: [batch]) }
}

/// Where a batch stands in a plan.
package struct BatchPlace: Sendable, Hashable {
    /// The shard that it is part of.
    package let shard: Int
    /// The indices of its samples.
    package let samples: Range<Int>

    package init(shard: Int, samples: Range<Int>) {
        self.shard = shard
        self.samples = samples
    }
}

/// A published batch that cannot be used.
package enum SegmentError: Error, Equatable, CustomStringConvertible {
    /// The batch has no sidecar: it was not published, or discarded.
    case missing(batch: Int)
    /// Its sidecar or data is damaged.
    case corrupt(batch: Int, problem: String)
    /// It belongs to another job than the run.
    case foreignJob(batch: Int, found: String, expected: String)

    /// The batch.
    package var batch: Int {
        switch self {
        case .missing(let batch), .corrupt(let batch, _), .foreignJob(let batch, _, _): batch
        }
    }

    /// One sentence with the remedy.
    package var description: String {
        switch self {
        case .missing(let batch): "batch \(batch) is not published; it has to be done first"
        case .corrupt(let batch, let problem): "batch \(batch) is damaged and has to be done again: \(problem)"
        case .foreignJob(let batch, let found, let expected):
            "batch \(batch) was made for job \(found.prefix(12)) and this is job \(expected.prefix(12)); "
                + "choose another run directory"
        }
    }
}
