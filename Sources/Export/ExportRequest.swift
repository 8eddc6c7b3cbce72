internal import Files

/// What somebody wants another evaluator to read, as the command line says it.
package struct ExportRequest: Sendable {
    package var evaluator: OtherEvaluator
    /// A run directory, or a folder of media files.
    package var generated: String
    /// What it is compared with, likewise.
    package var reference: String?
    /// The absolute path of the folder that is made.
    package var folder: String
    /// av-benchmark's length: a shorter sound or video does not do.
    package var seconds = 8.0
    /// The table whose rows are JavisBench's: `.csv` or JSON lines.
    package var manifest: String?

    package init(_ evaluator: OtherEvaluator, generated: String, reference: String? = nil, folder: String) {
        self.evaluator = evaluator
        self.generated = generated
        self.reference = reference
        self.folder = folder
    }

    /// Sounds and videos have to be this long.
    var leastSeconds: Double? { evaluator == .avBenchmark ? seconds : nil }

    /// Sees that nothing is where the export goes, above all nothing that the evaluator would take for its own.
    /// - Throws: ``ExportError``.
    func checkFolder() throws(ExportError) {
        switch PathKind(folder) {
        case .nothing: return
        case .file: throw .isFile(path: folder)
        case .folder: break
        }
        let names: [String]
        do throws(FileError) {
            names = try Directory.names(in: folder)
        } catch {
            throw .source(error.description)
        }
        guard let first = names.first else { return }
        if let cache = evaluator.layout.caches.first(where: { PathKind("\(folder)/\($0)") != .nothing }) {
            throw .holdsCache(path: folder, cache: cache, evaluator)
        }
        throw .occupied(path: folder, found: first)
    }
}
