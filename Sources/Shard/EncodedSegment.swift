internal import Files
import JSON

/// One batch, ready to be published or sent: the frames of its samples and the sidecar that describes them.
package struct EncodedSegment: Sendable {
    /// The record.
    package let sidecar: SegmentSidecar
    /// The frames, one after the other, in the order of the rows.
    package let data: [UInt8]

    /// Encodes a batch. Nothing is written.
    /// - Parameters:
    ///   - batch: the batch's number in the plan.
    ///   - configSHA256: the hash of the job, 64 hexadecimal digits.
    ///   - samples: the batch's successful samples in any order.
    ///   - rows: one row for each sample of the batch, in any order; those with status `ok` are the samples.
    /// - Throws: ``SampleError`` for a sample that cannot be stored, ``RecordError`` where samples and rows do not fit,
    ///   ``ZstdError``.
    package init(batch: Int, configSHA256: String, samples: [Sample], rows: [SampleRow]) throws {
        let name = RunLayout.sidecarName(batch: batch)
        let rows = rows.sorted { $0.index < $1.index }
        let byKey = Dictionary(samples.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        guard byKey.count == samples.count else { throw RecordError(name: name, problem: "two samples have one key") }
        var data: [UInt8] = []
        var frames: [FrameRecord] = []
        var tarOffset = 0
        for row in rows where row.status == .ok {
            guard let sample = byKey[row.key] else {
                throw RecordError(name: name, problem: "row \(quoted(row.key)) is ok but there is no such sample")
            }
            let block = try SampleBlock.encode(sample)
            let frame = try ZstdFrame.compress(block.bytes)
            frames.append(
                FrameRecord(
                    key: sample.key, off: 0, clen: frame.count, uoff: 0, ulen: block.bytes.count,
                    xxh64: ZstdFrame.checksum(of: frame), members: block.members
                ).moved(off: data.count, uoff: tarOffset))
            data += frame
            tarOffset += block.bytes.count
        }
        let sidecar = SegmentSidecar(
            batch: batch, configSHA256: configSHA256, bytes: data.count, sha256: SHA256.hexadecimalDigest(of: data),
            frames: frames, rows: rows)
        guard frames.count == samples.count else {
            throw RecordError(name: name, problem: "a sample has no row with status ok")
        }
        // What could not be read back must not be published.
        _ = try SegmentSidecar(parsing: RecordJSON.encode(sidecar), name: name)
        self.sidecar = sidecar
        self.data = data
    }

    /// The sidecar as it is written to its file or sent.
    package func sidecarJSON() throws -> [UInt8] { try RecordJSON.encode(sidecar) }
}
