internal import Files
internal import Foundation
internal import JSON
internal import Method

/// Reads manifests row by row: JSONL, CSV and TSV with a header, VGGSound's list, one prompt per line.
///
/// Row numbers are those of lines, from 1, so that an editor finds them. A byte order mark, CRLF and empty lines are
/// no errors. Everything wrong with a row is noted; reading goes on.
package struct ManifestReader {
    private let path: String
    private let split: String?
    private var records: Records
    private var builder: ManifestRowBuilder
    private var isEmpty = true

    /// The rows of a manifest before their columns are known.
    private enum Records {
        case json(ManifestLines)
        case prompts(ManifestLines)
        case csv(CSVReader, columns: [ManifestColumn])
        case vggsound(CSVReader)
    }

    /// Opens a job's manifest, and finds out its format.
    /// - Throws: ``ManifestError`` where no row can be read at all.
    package init(_ job: Job) throws(ManifestError) {
        try self.init(ManifestWindow(manifest: job.manifest), job: job)
    }

    /// Reads a manifest that is in memory.
    /// - Throws: ``ManifestError`` where no row can be read at all.
    init(_ bytes: [UInt8], job: Job) throws(ManifestError) { try self.init(ManifestWindow(bytes), job: job) }

    init(_ window: ManifestWindow, job: Job) throws(ManifestError) {
        path = job.manifest
        split = job.split
        let url = URL(filePath: job.manifest)
        let folder = job.root.map { URL(filePath: $0, directoryHint: .isDirectory) } ?? url.deletingLastPathComponent()
        builder = ManifestRowBuilder(job: job, root: folder)
        let format =
            try job.manifestFormat == .auto
            ? Self.guess(url.pathExtension.lowercased(), window, path: path) : job.manifestFormat
        if split != nil, format != .vggsound { throw .noSplits(path: path) }
        switch format {
        case .txt:
            if let kind = job.task.inputKinds.first {
                throw .promptsOnly(path: path, task: job.task, needs: kind)
            }
            records = .prompts(ManifestLines(window))
        case .jsonl, .auto: records = .json(ManifestLines(window))
        case .vggsound: records = .vggsound(CSVReader(window))
        case .csv, .tsv:
            var reader = CSVReader(window, separator: format == .tsv ? "\t" : ",")
            let columns = try Self.columns(&reader, path: path)
            records = .csv(reader, columns: columns)
        }
    }

    /// The next row; nil at the end.
    /// - Throws: ``ManifestError`` where the file cannot be read on, or held no row.
    package mutating func next() throws(ManifestError) -> ManifestItem? {
        let item: ManifestItem?
        do throws(FileError) {
            item = try nextItem()
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        if item == nil, isEmpty { throw .empty(path: path) }
        isEmpty = false
        return item
    }

    private mutating func nextItem() throws(FileError) -> ManifestItem? {
        switch records {
        case .json(var lines):
            defer { records = .json(lines) }
            return try lines.next().map { line in Self.item(of: line) { Self.json($0, line.number, &builder) } }
        case .prompts(var lines):
            defer { records = .prompts(lines) }
            while let line = try lines.next() {
                if line.bytes?.first == UInt8(ascii: "#") { continue }
                return Self.item(of: line) { builder.item(row: line.number, [.prompt: .string($0)]) }
            }
            return nil
        case .csv(var reader, let columns):
            defer { records = .csv(reader, columns: columns) }
            return try reader.next().map { csv($0, columns) }
        case .vggsound(var reader):
            defer { records = .vggsound(reader) }
            while let record = try reader.next() {
                if let item = vggsound(record) { return item }
            }
            return nil
        }
    }

    // MARK: - Formats

    private static func guess(
        _ suffix: String, _ window: ManifestWindow, path: String
    ) throws(ManifestError) -> ManifestFormat {
        switch suffix {
        case "jsonl", "ndjson": return .jsonl
        case "txt": return .txt
        case "tsv": return .tsv
        case "csv":
            var reader = CSVReader(window)
            guard let first = try record(&reader, path: path) else { throw .empty(path: path) }
            if first.fields.contains(where: { ManifestColumn(rawValue: $0) != nil }) { return .csv }
            if first.fields.count == 4, Int(first.fields[1]) != nil { return .vggsound }
            if let other = separator(of: first.fields) {
                throw .header(
                    path: path,
                    reason: "its fields have \(other) between them; save it with commas, or with tabs as .tsv")
            }
            let header = quoted(first.fields.joined(separator: ","))
            throw .unknownFormat(
                path: path, reason: "its first record \(header) is neither a header nor a VGGSound row")
        default: throw .unknownFormat(path: path, reason: "its name ends in none of .jsonl, .csv, .tsv, .txt")
        }
    }

    /// What stands between the columns of a header that is one field by commas.
    private static func separator(of fields: [String]) -> String? {
        guard fields.count == 1 else { return nil }
        return [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")].first { separator, _ in
            let names = fields[0].split(separator: separator).map { $0.filter { $0 != "\"" } }
            return names.count > 1 && names.contains { ManifestColumn(rawValue: $0) != nil }
        }?.1
    }

    private static func record(
        _ reader: inout CSVReader, path: String
    ) throws(ManifestError) -> CSVReader.Record? {
        do throws(FileError) {
            return try reader.next()
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }

    /// Reads the header of a CSV file.
    private static func columns(_ reader: inout CSVReader, path: String) throws(ManifestError) -> [ManifestColumn] {
        guard let header = try record(&reader, path: path) else { throw .empty(path: path) }
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
        return columns
    }

    private static func item(of line: ManifestLines.Line, _ item: (String) -> ManifestItem) -> ManifestItem {
        guard let bytes = line.bytes else {
            return rejected(
                line.number, "the line has more than \(line.limit) bytes", "shorten it")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return rejected(line.number, "the line is not valid UTF-8", "save the file as UTF-8")
        }
        return item(text)
    }

    private static func json(_ text: String, _ number: Int, _ builder: inout ManifestRowBuilder) -> ManifestItem {
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
            return .rejected([problems[problems.count - 1]])
        }
        return builder.item(row: number, fields, problems: problems)
    }

    private mutating func csv(_ record: CSVReader.Record, _ columns: [ManifestColumn]) -> ManifestItem {
        if let refusal = refusal(of: record, columns.count) { return refusal }
        let fields = zip(columns, record.fields.map(ManifestField.text))
        return builder.item(row: record.line, Dictionary(fields) { first, _ in first })
    }

    /// nil for a row of another split than the one that is wanted.
    private mutating func vggsound(_ record: CSVReader.Record) -> ManifestItem? {
        if let refusal = refusal(of: record, 4) { return refusal }
        if let split, record.fields[3] != split { return nil }
        guard let second = Int(record.fields[1]), (0...999_999).contains(second) else {
            return Self.rejected(
                record.line, "the second field \(quoted(record.fields[1])) is not a start time",
                "VGGSound rows are id,sec,caption,split")
        }
        let digits = String(second)
        let key = "\(record.fields[0])_" + String(repeating: "0", count: 6 - digits.count) + digits
        return builder.item(
            row: record.line,
            [.id: .text(ManifestKey.listed(key)), .video: .text("\(key).mp4"), .prompt: .text(record.fields[2])])
    }

    private func refusal(of record: CSVReader.Record, _ count: Int) -> ManifestItem? {
        if let problem = record.problem { return Self.rejected(record.line, problem, "correct the record") }
        guard record.fields.count != count else { return nil }
        return Self.rejected(record.line, "it has \(record.fields.count) fields", "each record needs \(count)")
    }

    private static func rejected(_ row: Int, _ found: String, _ remedy: String) -> ManifestItem {
        .rejected([RowProblem(row: row, field: nil, kind: .syntax, found: found, remedy: remedy)])
    }
}
