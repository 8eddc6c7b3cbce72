internal import Files
import Glibc
import JSON

/// Checks the output of a run against its own records.
///
/// The shallow check reads records, lengths, seek tables and rows: it finds a missing, cut or exchanged file in seconds. The
/// deep one also reads, hashes and decompresses every byte and parses every tar header, `.npy` header and `.json` member.
/// Calls block for as long as that takes.
package struct Verifier: Sendable {
    /// Where the run's files lie.
    package let layout: RunLayout
    /// Whether every byte is read.
    package let deep: Bool
    /// The hash of the job, if known; otherwise that of the first record is expected of all.
    package let configSHA256: String?
    /// The number of shards in the plan, if known; then each has to be there.
    package let plannedShards: Int?
    /// The number of samples in the plan, if known; then no record or batch may have others.
    package let plannedSamples: Int?
    /// Whether somebody works on the run: then files come and go, and what is half done is no finding.
    package let atWork: Bool

    /// Makes a verifier.
    package init(
        layout: RunLayout, deep: Bool, configSHA256: String? = nil, plannedShards: Int? = nil,
        plannedSamples: Int? = nil, atWork: Bool = false
    ) {
        self.plannedSamples = plannedSamples
        self.atWork = atWork
        self.layout = layout
        self.deep = deep
        self.configSHA256 = configSHA256
        self.plannedShards = plannedShards
    }

    /// Checks the run.
    /// - Throws: ``FileError`` if the directory holds no run at all; everything else is a finding.
    package func verify() throws -> VerificationReport {
        let names = try Directory.names(in: layout.run)
        guard names.contains("shards") || names.contains("segments") else {
            throw FileError("find shards in", layout.run, code: ENOENT)
        }
        var report = VerificationReport(deep: deep, atWork: atWork)
        var dataset = DatasetSurvey(configSHA256: configSHA256)
        try checkShards(&report, &dataset)
        // The index is written at the end of a start.
        if !atWork {
            checkShardList(dataset.shardList, &report)
            checkTable(of: dataset, &report)
        }
        try checkSegments(&report, &dataset)
        if !atWork { try checkNames(dataset.shards, &report) }
        return report
    }

    // MARK: Shards

    private func checkShards(_ report: inout VerificationReport, _ dataset: inout DatasetSurvey) throws {
        let index = DatasetIndex(layout: layout)
        let numbers = try index.shardNumbers()
        reportMissing(below: min(plannedShards ?? 0, FrameRecord.maximumOffset), numbers, &report)
        for number in numbers {
            let path = "shards/\(RunLayout.recordName(shard: number))"
            let record: CommitRecord
            do {
                guard let found = try index.record(shard: number) else { continue }
                record = found
            } catch {
                report.add(.record, path, "\(error)")
                continue
            }
            dataset.checkConfig(record.configSHA256, path, &report)
            checkPlanned(record.indices.upperBound - 1, .record, path, &report)
            let rows = ShardVerifier(layout: layout, record: record, deep: deep).verify(&report)
            dataset.take(record, rows, &report)
            report.shards += 1
            report.samples += record.nsamples
            report.failed += record.nfailed
            // What a record says of a file that is not there need not be possible.
            report.bytes = report.bytes.addingReportingOverflow(record.bytes).partialValue
        }
    }

    /// Names the planned shards that are not there: a few of them, since a plan may claim any number.
    private func reportMissing(below planned: Int, _ numbers: [Int], _ report: inout VerificationReport) {
        let shown = 100
        var missing = 0
        var next = 0
        for number in numbers.filter({ $0 < planned }) + [max(planned, 0)] {
            for absent in next..<max(next, min(number, next + shown - missing)) where missing < shown {
                report.add(
                    .incomplete, "shards/\(RunLayout.recordName(shard: absent))",
                    "the shard is planned and not committed")
                missing += 1
            }
            if number < planned { next = number + 1 }
        }
        let present = numbers.count { $0 < planned }
        if planned - present > shown {
            report.add(.incomplete, "shards", "\(planned - present - shown) more shards are planned and not committed")
        }
    }

    /// - Parameter last: the largest index of a sample.
    private func checkPlanned(
        _ last: Int, _ kind: Finding.Kind, _ path: String, _ report: inout VerificationReport
    ) {
        guard let plannedSamples, last >= plannedSamples else { return }
        report.add(kind, path, "it has the sample of index \(last), and the plan has \(plannedSamples) samples")
    }

    // MARK: The index

    private func checkShardList(_ expected: ShardList, _ report: inout VerificationReport) {
        let name = RunLayout.shardListName
        do {
            guard let file = try InputFile.ofRun(layout.shardList) else {
                if report.shards > 0 {
                    report.add(.missing, name, "there are shards but not their list; run the job again")
                }
                return
            }
            // As long as the list that is expected, with room for another layout.
            let limit = 4 * (try RecordJSON.encode(expected).count) + 4096
            let list = try RecordJSON.decode(ShardList.self, from: file.readAll(limit: limit), name: name)
            if list != expected {
                report.add(.shardList, name, "it does not list the committed shards as their records describe them")
            }
        } catch {
            report.add(.record, name, "\(error)")
        }
    }

    private func checkTable(of dataset: DatasetSurvey, _ report: inout VerificationReport) {
        let name = RunLayout.samplesName
        do {
            guard let table = try InputFile.ofRun(layout.samples) else {
                if report.shards > 0 {
                    report.add(.missing, name, "there are shards but no table of samples; run the job again")
                }
                return
            }
            if let problem = try problem(of: table, dataset.withRows) { report.add(.rows, name, problem) }
        } catch {
            report.add(.rows, name, "\(error)")
        }
    }

    /// What is wrong with the table of all samples, or nil: it is the rows of the shards, one after the other.
    /// - Parameter shards: the numbers of those whose rows can be read.
    private func problem(of table: InputFile, _ shards: [Int]) throws(FileError) -> String? {
        let pieceSize = 1 << 20
        var end = 0
        for shard in shards {
            let rows = try InputFile("\(layout.shards)/\(RunLayout.rowsName(shard: shard))", followingLinks: false)
            guard rows.size <= table.size - end else { return "it is not the rows of the committed shards in order" }
            for offset in stride(from: 0, to: rows.size, by: pieceSize) {
                let count = min(pieceSize, rows.size - offset)
                guard try table.read(at: end + offset, count: count) == rows.read(at: offset, count: count) else {
                    return "it is not the rows of the committed shards in order"
                }
            }
            end += rows.size
        }
        return end == table.size ? nil : "it has more rows than the committed shards"
    }

    // MARK: Segments and leftovers

    private func checkSegments(
        _ report: inout VerificationReport, _ dataset: inout DatasetSurvey
    ) throws(FileError) {
        var used: Set<String> = []
        let names = try Directory.names(in: layout.segments)
        for name in names {
            guard case .sidecar(let batch) = RunLayout.FileKind(name) else { continue }
            let path = "segments/\(name)"
            do {
                let json = try InputFile.bytes(
                    of: "\(layout.segments)/\(name)", limit: RecordJSON.maximumLength, followingLinks: false)
                let sidecar = try SegmentSidecar(parsing: json, name: name)
                used.insert(sidecar.dataName)
                dataset.checkConfig(sidecar.configSHA256, path, &report)
                checkPlanned(sidecar.rows.map(\.index).max() ?? 0, .segment, path, &report)
                if sidecar.rows.contains(where: { dataset.indices.contains($0.index) }) {
                    if !atWork {
                        report.add(
                            .leftover, path, "batch \(batch) is already in a shard; run the job again to tidy up")
                    }
                } else {
                    report.pendingBatches += 1
                }
                try checkData(of: sidecar, &report)
            } catch let error as FileError where atWork && error.isMissing {
                // Its shard was made meanwhile.
                continue
            } catch {
                report.add(.segment, path, "\(error)")
            }
        }
        for name in names where !atWork {
            guard case .segment = RunLayout.FileKind(name), !used.contains(name) else { continue }
            report.add(.leftover, "segments/\(name)", "the data has no sidecar, so it was never committed")
        }
    }

    private func checkData(of sidecar: SegmentSidecar, _ report: inout VerificationReport) throws(FileError) {
        guard sidecar.bytes > 0 else { return }
        let path = "segments/\(sidecar.dataName)"
        let file = try InputFile("\(layout.run)/\(path)", followingLinks: false)
        guard file.size == sidecar.bytes else {
            report.add(.segment, path, "it has \(file.size) bytes, its sidecar says \(sidecar.bytes)")
            return
        }
        guard deep else { return }
        var hash = SHA256()
        let pieceSize = 1 << 20
        for offset in stride(from: 0, to: file.size, by: pieceSize) {
            hash.update(try file.read(at: offset, count: min(pieceSize, file.size - offset)))
        }
        if hash.hexadecimalDigest != sidecar.sha256 {
            report.add(.segment, path, "its SHA-256 is not the one in its sidecar")
        }
    }

    private func checkNames(_ shards: Set<String>, _ report: inout VerificationReport) throws(FileError) {
        for (folder, prefix) in [(layout.run, ""), (layout.segments, "segments/"), (layout.shards, "shards/")] {
            for name in try Directory.names(in: folder) {
                guard let temporary = TemporaryName(parsing: name) else { continue }
                if temporary.host == LocalHost.name, !temporary.isOrphan(in: folder) { continue }
                report.add(
                    .leftover, prefix + name,
                    "process \(temporary.process) of host \(temporary.host) left it half written, or is still writing")
            }
        }
        for name in try Directory.names(in: layout.shards) {
            let path = "shards/\(name)"
            switch RunLayout.FileKind(name) {
            case .shard where !shards.contains(name):
                report.add(.leftover, path, "the shard has no commit record, so it was never committed")
            case .rows(let number)
            where Directory.fileSize("\(layout.shards)/\(RunLayout.recordName(shard: number))") == nil:
                report.add(.leftover, path, "the rows belong to no committed shard")
            case .sidecar, .segment, nil: report.add(.leftover, path, "the file does not belong here")
            case .shard, .rows, .record, .temporary: break
            }
        }
    }
}
