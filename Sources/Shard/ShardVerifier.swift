internal import Files
import JSON

/// Checks one committed shard: its file, its rows and, in depth, its samples.
struct ShardVerifier {
    let layout: RunLayout
    let record: CommitRecord
    let deep: Bool

    private var path: String { "shards/\(record.shard)" }

    func verify(_ report: inout VerificationReport) {
        checkRows(&report)
        guard record.nsamples > 0 else {
            if Directory.fileSize("\(layout.run)/\(path)") != nil {
                report.add(.leftover, path, "its record says that there are no samples, so there should be no file")
            }
            return
        }
        let file: InputFile
        do throws(FileError) {
            file = try InputFile("\(layout.run)/\(path)")
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

    private func checkRows(_ report: inout VerificationReport) {
        let path = "shards/\(RunLayout.rowsName(shard: record.number))"
        let rows: [SampleRow]
        do {
            rows = try DatasetIndex(layout: layout).rows(shard: record.number)
        } catch {
            report.add(.rows, path, "\(error)")
            return
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
        let entries = try ShardReader.seekTable(of: file).entries
        guard entries.count == record.frames.count + 1 else {
            return "the seek table has \(entries.count) frames, the record \(record.frames.count) and the closing one"
        }
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
                let bytes = try file.read(at: frame.off, count: frame.clen)
                hash.update(bytes)
                do {
                    let block = try content(of: bytes, frame)
                    tarHash?.update(block)
                    check(block, frame, &report)
                } catch {
                    tarHash = nil
                    report.add(.frame, path, "sample \(quoted(frame.key)): \(error)")
                }
            }
            let end = record.frames.last.map { $0.off + $0.clen } ?? 0
            hash.update(try file.read(at: end, count: file.size - end))
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

    private func content(of bytes: [UInt8], _ frame: FrameRecord) throws(ZstdError) -> [UInt8] {
        guard record.compression == .zstd else { return bytes }
        let block = try ZstdFrame.decompress(bytes, expecting: frame.ulen)
        guard ZstdFrame.checksum(of: bytes) == frame.xxh64 else { throw .missing("checksum that its record has") }
        return block
    }

    private func check(_ block: [UInt8], _ frame: FrameRecord, _ report: inout VerificationReport) {
        let sample: Sample
        do throws(TarError) {
            let (parsed, members) = try SampleBlock.parse(block)
            let expected = frame.members.mapValues { MemberExtent(offset: $0.offset - frame.uoff, size: $0.size) }
            guard parsed.key == frame.key, members == expected else {
                report.add(.tar, path, "sample \(quoted(frame.key)) is not laid out as its record says")
                return
            }
            sample = parsed
        } catch {
            report.add(.tar, path, "sample \(quoted(frame.key)): \(error)")
            return
        }
        for (name, data) in sample.members.sorted(by: { $0.key < $1.key }) {
            if name.hasSuffix("npy") {
                do throws(NPYError) {
                    _ = try NPYArray(parsing: data)
                } catch {
                    report.add(.npy, path, "\(sample.key).\(name): \(error)")
                }
            } else if name.hasSuffix("json") {
                do throws(JSONError) {
                    try JSONReader.check(data)
                } catch {
                    report.add(.json, path, "\(sample.key).\(name) is \(error)")
                }
            }
        }
    }
}
