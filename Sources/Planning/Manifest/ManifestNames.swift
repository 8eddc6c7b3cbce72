internal import Files
internal import JSON

/// Which samples the rows of a table name, in its order: of a manifest, or of another program's list of clips, whose further
/// columns are passed over.
package struct ManifestNames: Sendable, Equatable {
    /// One row.
    package struct Row: Sendable, Equatable {
        /// Its line or record, from 1.
        package let number: Int
        /// How its sample may be called, the likeliest first: the `id`, or else the name of its file, as it is and as a key.
        package let names: [String]
    }

    package let rows: [Row]

    /// The columns of paths that a row's name may come from; JavisBench's list has the last.
    fileprivate static let paths = [ManifestColumn.video, .image, .audio].map(\.rawValue) + ["path"]

    /// Reads JSON lines, or CSV with a header, by the file's name. Blocks.
    /// - Throws: ``ManifestError``, for the first row that names nothing too.
    package init(_ path: String) throws(ManifestError) {
        try self.init(ManifestWindow(manifest: path), path: path)
    }

    init(_ window: ManifestWindow, path: String) throws(ManifestError) {
        do {
            rows =
                path.lowercased().hasSuffix(".csv")
                ? try Self.records(CSVReader(window), path: path) : try Self.objects(ManifestLines(window), path: path)
        } catch let error as ManifestError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: (error as? FileError)?.reason ?? "\(error)")
        }
        guard !rows.isEmpty else { throw .empty(path: path) }
    }

    private static func records(_ reader: CSVReader, path: String) throws -> [Row] {
        var reader = reader
        guard let header = try reader.next() else { throw ManifestError.empty(path: path) }
        if let problem = header.problem { throw ManifestError.header(path: path, reason: problem) }
        guard header.fields.contains(where: { paths.contains($0) || ManifestColumn(rawValue: $0) != nil }) else {
            throw ManifestError.header(
                path: path,
                reason:
                    "none of its columns names samples; they stand in id, or in one of \(paths.joined(separator: ", "))"
            )
        }
        var rows: [Row] = []
        while let record = try reader.next() {
            let problem =
                record.problem
                ?? (record.fields.count == header.fields.count
                    ? nil : "it has \(record.fields.count) fields, and the header has \(header.fields.count)")
            if let problem { throw refused(path, record.line, problem, "correct the record") }
            let fields = Dictionary(zip(header.fields, record.fields)) { first, _ in first }
            rows.append(Row(number: record.line, fields))
        }
        return rows
    }

    private static func objects(_ lines: ManifestLines, path: String) throws -> [Row] {
        var lines = lines
        var rows: [Row] = []
        while let line = try lines.next() {
            guard let bytes = line.bytes else {
                throw refused(path, line.number, "the line has more than \(line.limit) bytes", "shorten it")
            }
            do throws(JSONError) {
                var reader = JSONReader(Array(bytes))
                var fields: [String: String] = [:]
                try reader.object { reader, name throws(JSONError) in
                    switch try reader.value() {
                    case .string(let text), .number(let text): fields[name] = text
                    default: break
                    }
                }
                try reader.end()
                rows.append(Row(number: line.number, fields))
            } catch {
                throw refused(path, line.number, "\(error)", "correct the line")
            }
        }
        return rows
    }

    private static func refused(
        _ path: String, _ number: Int, _ found: String, _ remedy: String
    ) -> ManifestError {
        .row(path: path, RowProblem(row: number, field: nil, kind: .syntax, found: found, remedy: remedy))
    }
}

extension ManifestNames.Row {
    fileprivate init(number: Int, _ fields: [String: String]) {
        let id = fields[ManifestColumn.id.rawValue].flatMap { $0.isEmpty ? nil : $0 }
        let path = ManifestNames.paths.lazy.compactMap { fields[$0] }.first { !$0.isEmpty }
        let asIs = id ?? path.map(ManifestKey.stem)
        let asKey = id.map(ManifestKey.derived(from:)) ?? ManifestKey.derived(path: path, row: number)
        self.init(number: number, names: [asIs, asKey == asIs ? nil : asKey].compactMap { $0 })
    }
}
