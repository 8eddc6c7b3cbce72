internal import Files
internal import Foundation
internal import JSON
internal import Method

/// Reads manifests: JSONL, CSV with a header, VGGSound's list, one prompt per line.
///
/// Row numbers are those of lines, from 1, so that an editor finds them. A byte order mark, CRLF and empty lines are
/// no errors. Everything wrong with a row is noted; reading goes on.
package struct ManifestReader {
    private let path: String
    private let bytes: [UInt8]
    private let format: ManifestFormat
    private let split: String?
    private let start: Int
    private var builder: ManifestRowBuilder

    /// Reads a job's manifest.
    /// - Throws: ``ManifestError`` where no row can be read at all. Problems of rows are in the result.
    package static func read(_ job: Job) throws(ManifestError) -> Manifest {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: job.manifest, limit: Manifest.maximumBytes)
        } catch {
            throw error.isTooLong
                ? .tooLong(path: job.manifest, bytes: Directory.fileSize(job.manifest) ?? 0)
                : .unreadable(path: job.manifest, reason: error.reason)
        }
        return try parse(bytes, job: job)
    }

    /// Parses the bytes of a job's manifest.
    /// - Throws: ``ManifestError`` where no row can be read at all. Problems of rows are in the result.
    package static func parse(_ bytes: [UInt8], job: Job) throws(ManifestError) -> Manifest {
        var reader = try ManifestReader(bytes, job: job)
        return try reader.manifest()
    }

    private init(_ bytes: [UInt8], job: Job) throws(ManifestError) {
        path = job.manifest
        self.bytes = bytes
        split = job.split
        start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let url = URL(filePath: job.manifest)
        let folder = job.root.map { URL(filePath: $0, directoryHint: .isDirectory) } ?? url.deletingLastPathComponent()
        builder = ManifestRowBuilder(job: job, root: folder)
        if job.manifestFormat == .auto {
            format = try Self.guess(url.pathExtension.lowercased(), bytes, from: start, path: job.manifest)
        } else {
            format = job.manifestFormat
        }
        if format == .txt, let kind = job.task.inputKinds.first {
            throw .promptsOnly(path: path, task: job.task, needs: kind)
        }
    }

    private mutating func manifest() throws(ManifestError) -> Manifest {
        switch format {
        case .csv: try readCSV()
        case .vggsound: readVGGSound()
        case .txt:
            readLines { builder, number, text in
                builder.add(row: number, [.prompt: .string(text)])
            }
        case .jsonl, .auto: readLines { builder, number, text in Self.addJSON(text, number, &builder) }
        }
        let manifest = builder.manifest
        if manifest.rows.isEmpty, manifest.rejected.isEmpty { throw .empty(path: path) }
        return manifest
    }

    // MARK: - Formats

    private static func guess(
        _ suffix: String, _ bytes: [UInt8], from start: Int, path: String
    ) throws(ManifestError) -> ManifestFormat {
        switch suffix {
        case "jsonl", "ndjson": return .jsonl
        case "txt": return .txt
        case "csv":
            var reader = CSVReader(bytes, from: start)
            guard let first = reader.next() else { throw .empty(path: path) }
            if first.fields.contains(where: { ManifestColumn(rawValue: $0) != nil }) { return .csv }
            if first.fields.count == 4, Int(first.fields[1]) != nil { return .vggsound }
            let header = quoted(first.fields.joined(separator: ","))
            throw .unknownFormat(
                path: path, reason: "its first record \(header) is neither a header nor a VGGSound row")
        default: throw .unknownFormat(path: path, reason: "its name ends in none of .jsonl, .csv, .txt")
        }
    }

    private mutating func readLines(_ add: (inout ManifestRowBuilder, Int, String) -> Void) {
        var position = start
        var number = 0
        while position < bytes.count {
            let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
            number += 1
            var line = bytes[position..<end]
            position = end + 1
            if line.last == 0x0D { line.removeLast() }
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            guard let text = String(validating: line, as: UTF8.self) else {
                reject(number, "the line is not valid UTF-8", "save the file as UTF-8")
                continue
            }
            add(&builder, number, text)
        }
    }

    private static func addJSON(_ text: String, _ number: Int, _ builder: inout ManifestRowBuilder) {
        var fields: [ManifestColumn: ManifestField] = [:]
        var problems: [RowProblem] = []
        func note(_ field: String?, _ kind: RowProblem.Kind, _ found: String, _ remedy: String) {
            problems.append(RowProblem(row: number, field: field, kind: kind, found: found, remedy: remedy))
        }
        do throws(JSONError) {
            var reader = JSONReader(text)
            guard try reader.peek() == .object else { throw reader.error("a row must be an object, {…}") }
            try reader.object { reader, name throws(JSONError) in
                let value = try reader.value()
                guard let column = ManifestColumn(rawValue: name) else {
                    return note(
                        name.count > 40 ? "\(name.prefix(40))…" : name, .unknownColumn, "is not a column",
                        "the columns are \(ManifestColumn.names)")
                }
                let field: ManifestField
                switch value {
                case .null: return
                case .string(let text): field = .string(text)
                case .number(let digits): field = .number(digits)
                case .bool, .array, .object: field = .other(value.kind)
                }
                fields[column] = field
            }
            try reader.end()
        } catch {
            // Half a row, or one that says two things, has no key that could be trusted.
            if case .duplicateKey(let name) = error.kind {
                note(name, .syntax, "the column appears twice", "keep one of them")
            } else {
                note(nil, .syntax, error.description, "correct the line")
            }
            return builder.reject(problems[problems.count - 1])
        }
        builder.add(row: number, fields, problems: problems)
    }

    private mutating func readCSV() throws(ManifestError) {
        var reader = CSVReader(bytes, from: start)
        guard let header = reader.next() else { throw .empty(path: path) }
        if let problem = header.problem { throw .header(path: path, reason: problem) }
        let unknown = header.fields.filter { ManifestColumn(rawValue: $0) == nil }
        guard unknown.isEmpty else {
            let names = unknown.map(quoted).joined(separator: ", ")
            throw .header(path: path, reason: "\(names) is not a column; the columns are \(ManifestColumn.names)")
        }
        let columns = header.fields.compactMap(ManifestColumn.init)
        guard Set(columns).count == columns.count else {
            throw .header(path: path, reason: "a column appears twice; keep one of them")
        }
        while let record = reader.next() {
            guard accept(record, columns.count) else { continue }
            let fields = zip(columns, record.fields.map(ManifestField.text))
            builder.add(row: record.line, Dictionary(fields) { first, _ in first })
        }
    }

    private mutating func readVGGSound() {
        var reader = CSVReader(bytes, from: start)
        while let record = reader.next() {
            guard accept(record, 4) else { continue }
            if let split, record.fields[3] != split { continue }
            guard let second = Int(record.fields[1]), (0...999_999).contains(second) else {
                reject(
                    record.line, "the second field \(quoted(record.fields[1])) is not a start time",
                    "VGGSound rows are id,sec,caption,split")
                continue
            }
            let digits = String(second)
            let key = "\(record.fields[0])_" + String(repeating: "0", count: 6 - digits.count) + digits
            builder.add(
                row: record.line,
                [
                    .id: .text(ManifestKey.listed(key)), .video: .text("\(key).mp4"), .prompt: .text(record.fields[2]),
                ])
        }
    }

    private mutating func accept(_ record: CSVReader.Record, _ count: Int) -> Bool {
        if let problem = record.problem {
            reject(record.line, problem, "correct the record")
        } else if record.fields.count != count {
            reject(record.line, "it has \(record.fields.count) fields", "each record needs \(count)")
        } else {
            return true
        }
        return false
    }

    private mutating func reject(_ row: Int, _ found: String, _ remedy: String) {
        builder.reject(RowProblem(row: row, field: nil, kind: .syntax, found: found, remedy: remedy))
    }
}
