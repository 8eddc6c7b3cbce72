internal import Files
/// A batch on its way into a ``SegmentStore``: its sidecar is known, its data comes in pieces of any size.
///
/// One that goes away unpublished leaves nothing behind. Its calls block on the file system.
package final class IncomingSegment {
    /// What the batch will be.
    package let sidecar: SegmentSidecar
    private let store: SegmentStore
    private let json: [UInt8]
    private let faults: FaultHook
    /// Nil where the batch has no data, or the data is there already.
    private var file: AtomicFile?
    private var hash = SHA256()
    private var count = 0

    /// - Parameter json: the sidecar's own bytes.
    /// - Throws: ``FileError``.
    init(_ sidecar: SegmentSidecar, json: [UInt8], store: SegmentStore, faults: FaultHook) throws {
        self.sidecar = sidecar
        self.json = json
        self.store = store
        self.faults = faults
        // The name holds the hash: a file that has it holds these bytes, unless the disk lost some of them.
        let path = "\(store.layout.segments)/\(sidecar.dataName)"
        guard sidecar.bytes > 0, Directory.fileSize(path) != sidecar.bytes else { return }
        file = try AtomicFile(folder: store.layout.segments, name: sidecar.dataName, faults: faults)
    }

    /// Takes the next bytes of the data.
    /// - Throws: ``FileError``; ``SegmentError/corrupt(batch:problem:)`` where there are more than the sidecar says.
    package func append(_ bytes: [UInt8]) throws {
        guard bytes.count <= sidecar.bytes - count else {
            throw SegmentError.corrupt(batch: sidecar.batch, problem: "more bytes came than its sidecar tells of")
        }
        hash.update(bytes)
        count += bytes.count
        try file?.write(bytes)
    }

    /// Publishes the batch: its data first, then its sidecar, which commits it. The first publication wins.
    /// - Throws: ``FileError``; ``SegmentError/corrupt(batch:problem:)`` where the bytes are not those of the sidecar.
    package func publish() throws -> SegmentStore.Publication {
        guard count == sidecar.bytes, hash.hexadecimalDigest == sidecar.sha256 else {
            throw SegmentError.corrupt(batch: sidecar.batch, problem: "its bytes do not match its sidecar")
        }
        guard !store.isInShard(sidecar.batch) else { return .lost }
        if let file = file.take() { _ = try file.publish(.replaceExisting) }
        let name = RunLayout.sidecarName(batch: sidecar.batch)
        var commit = try AtomicFile(folder: store.layout.segments, name: name, faults: faults)
        try commit.write(json)
        switch try commit.publish(.keepExisting) {
        case .published:
            // Made just now: then the batch had been published before, and its files are removed already.
            guard store.isInShard(sidecar.batch) else { return .published }
            try store.discardSegment(batch: sidecar.batch)
            return .lost
        case .existed:
            if let winner = try? store.sidecar(batch: sidecar.batch), winner.dataName != sidecar.dataName {
                try Directory.remove("\(store.layout.segments)/\(sidecar.dataName)")
            }
            return .lost
        }
    }
}
