internal import Files
import JSON

/// Checks one committed shard: its file, its rows and, in depth, its samples.
struct ShardVerifier {
    let layout: RunLayout
    let record: CommitRecord
    let deep: Bool

    /// Bytes that are read of a shard at a time.
    private static let pieceSize = 1 << 20

    private var path: String { "shards/\(record.shard)" }

    /// - Returns: the shard's rows, failed samples included; nil where they cannot be read.
    func verify(_ report: inout VerificationReport) -> [SampleRow]? {
        let rows = checkRows(&report)
        checkFile(&report)
        return rows
    }

    private func checkFile(_ report: inout VerificationReport) {
        guard record.nsamples > 0 else {
            if PathKind("\(layout.run)/\(path)") != .nothing {
                report.add(.leftover, path, "its record says that there are no samples, so there should be no file")
            }
            return
        }
        let file: InputFile
        do throws(FileError) {
            file = try InputFile("\(layout.run)/\(path)", followingLinks: false)
        } catch {
            report.add(.missing, path, error.description)
            return
        }
        if file.size != record.bytes {
            report.add(.size, path, "it has \(file.size) bytes, its record says \(record.bytes)")
        }
        checkEnd(of: file, &report)
        if deep, file.size == record.bytes { checkContent(of: file, &report) }
    }

    // MARK: Rows

    private func checkRows(_ report: inout VerificationReport) -> [SampleRow]? {
        let path = "shards/\(RunLayout.rowsName(shard: record.number))"
        let rows: [SampleRow]
        do {
            rows = try DatasetIndex(layout: layout).rows(shard: record.number, indices: record.indices)
        } catch {
            report.add(.rows, path, "\(error)")
            return nil
        }
        if let problem = SampleRow.problem(in: rows, frames: record.frames) { report.add(.rows, path, problem) }
        let successes = rows.filter { $0.status == .ok }
        for (row, frame) in zip(successes, record.frames) where row.shard != record.shard || row.offset != frame.off {
            report.add(.rows, path, "the row of \(quoted(row.key)) does not say where the sample is")
        }
        if rows.count - successes.count != record.nfailed {
            report.add(.rows, path, "\(rows.count - successes.count) rows failed, the record says \(record.nfailed)")
        }
        if rows.first?.index != record.firstIndex {
            report.add(.rows, path, "its first index is not the record's first_index \(record.firstIndex)")
        }
        return rows
    }

    // MARK: The end of the file

    private func checkEnd(of file: InputFile, _ report: inout VerificationReport) {
        do {
            switch record.compression {
            case .none:
                let length = min(file.size, SampleBlock.endOfArchive.count)
                guard try file.read(at: file.size - length, count: length) == SampleBlock.endOfArchive else {
                    report.add(.trailer, path, "the tar does not end with 1024 zero bytes")
                    return
                }
            case .zstd:
                if let problem = try tableProblem(in: file) { report.add(.trailer, path, problem) }
            }
        } catch {
            report.add(.trailer, path, "\(error)")
        }
    }

    private func tableProblem(in file: InputFile) throws -> String? {
        let length = SeekTable.length(frames: record.frames.count + 1)
        guard try ShardReader.seekTableLength(of: file) == length else {
            return "the seek table does not have the record's \(record.frames.count) frames and the closing one"
        }
        let entries = try ShardReader.seekTable(of: file).entries
        for (entry, frame) in zip(entries, record.frames)
        where Int(entry.compressedSize) != frame.clen || Int(entry.decompressedSize) != frame.ulen
            || hexadecimal(entry.checksum, digits: 8) != frame.xxh64
        {
            return "the seek table and the record disagree about sample \(quoted(frame.key))"
        }
        guard file.size == record.bytes else { return nil }
        let end = record.frames.last.map { $0.off + $0.clen } ?? 0
        let closing = try file.read(at: end, count: record.closingLength)
        guard try ZstdFrame.decompress(closing) == SampleBlock.endOfArchive else {
            return "the closing frame does not hold 1024 zero bytes"
        }
        guard let last = entries.last, Int(last.decompressedSize) == SampleBlock.endOfArchive.count,
            hexadecimal(last.checksum, digits: 8) == ZstdFrame.checksum(of: closing)
        else { return "the seek table does not describe the closing frame" }
        return nil
    }

    // MARK: Every byte

    private func checkContent(of file: InputFile, _ report: inout VerificationReport) {
        var hash = SHA256()
        // Nil from the first frame on that cannot be decompressed: what follows has no meaning then.
        var tarHash: SHA256? = SHA256()
        do throws(FileError) {
            for frame in record.frames {
                try check(frame, in: file, &hash, &tarHash, &report)
            }
            let end = record.frames.last.map { $0.off + $0.clen } ?? 0
            for offset in stride(from: end, to: file.size, by: Self.pieceSize) {
                hash.update(try file.read(at: offset, count: min(Self.pieceSize, file.size - offset)))
            }
        } catch {
            report.add(.frame, path, error.description)
            return
        }
        if hash.hexadecimalDigest != record.sha256 {
            report.add(.sha256, path, "its SHA-256 is not the one in its record")
        }
        if var tarHash {
            tarHash.update(SampleBlock.endOfArchive)
            if tarHash.hexadecimalDigest != record.tarSHA256 {
                report.add(.tarSHA256, path, "the SHA-256 of the plain tar is not the one in its record")
            }
        }
    }

    /// Reads the bytes of one frame to their end, whatever is found in them.
    private func check(
        _ frame: FrameRecord, in file: InputFile, _ hash: inout SHA256, _ tarHash: inout SHA256?,
        _ report: inout VerificationReport
    ) throws(FileError) {
        var check = SampleCheck()
        var decoding = Decoding(record.compression, frame)
        for offset in stride(from: frame.off, to: frame.off + frame.clen, by: Self.pieceSize) {
            let bytes = try file.read(at: offset, count: min(Self.pieceSize, frame.off + frame.clen - offset))
            hash.update(bytes)
            decoding.take(bytes) { piece in
                tarHash?.update(piece)
                check.take(piece)
            }
        }
        if let problem = decoding.finish() {
            tarHash = nil
            report.add(.frame, path, "sample \(quoted(frame.key)): \(problem)")
            return
        }
        for problem in check.finish(frame) { report.add(problem.kind, path, problem.text) }
    }

    /// One frame's way from its bytes to its content, which ends at the first thing that is wrong.
    private struct Decoding {
        private let frame: FrameRecord
        private let isCompressed: Bool
        private var content: FrameContent?
        private var problem: ZstdError?

        init(_ compression: Compression, _ frame: FrameRecord) {
            self.frame = frame
            isCompressed = compression == .zstd
            do throws(ZstdError) {
                content = try FrameContent(compression, expecting: frame.ulen)
            } catch {
                content = nil
                problem = error
            }
        }

        mutating func take(_ bytes: [UInt8], _ body: ([UInt8]) -> Void) {
            guard problem == nil else { return }
            do throws(ZstdError) {
                try content?.feed(bytes)
                while let piece = try content?.next() { body(piece) }
            } catch {
                problem = error
            }
        }

        /// What is wrong, after the last byte.
        mutating func finish() -> ZstdError? {
            guard problem == nil else { return problem }
            do throws(ZstdError) {
                let checksum = try content?.finish()
                return !isCompressed || checksum == frame.xxh64 ? nil : .missing("checksum that its record has")
            } catch {
                return error
            }
        }
    }
}
