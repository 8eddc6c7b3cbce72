internal import Files
internal import Planning

/// Writes samples in the layout that another evaluator reads.
package enum Exporter {
    /// The name of the table of what is left out.
    package static let leftOutName = "left-out.csv"
    /// The name of the table of samples whose files are called otherwise.
    package static let namesName = "names.csv"
    /// The name of the table of captions.
    package static let captionsName = "captions.csv"

    /// Exports. The folder appears whole, or not at all. Blocks.
    /// - Throws: ``ExportError``, `FileError`, `MediaError`.
    package static func export(_ request: ExportRequest) throws -> ExportResult {
        try request.checkFolder()
        let plan = try ExportPlan(request)
        let folder = try AtomicFolder(request.folder)
        let layout = request.evaluator.layout
        var writing = try ExportWriting(
            layout, in: folder.path, hasReference: request.reference != nil, least: request.leastSeconds)
        var leftOut = plan.leftOut
        for sample in inReadingOrder(plan.samples, request.evaluator) {
            var sample = sample
            if request.evaluator == .javisBench { sample.stem = JavisBenchName.stem(row: writing.written.count) }
            do {
                try writing.write(sample)
            } catch let left as LeftOut {
                if let row = sample.row, let path = request.manifest {
                    throw ExportError.rowMissing(path: path, row: row, name: sample.name, reason: left.sentence)
                }
                leftOut.append(left)
            }
        }
        leftOut += writing.leftOut
        let written =
            request.evaluator == .javisBench
            ? writing.written : writing.written.sorted { ExactText($0.name) < ExactText($1.name) }
        if layout.films != nil, !writing.filmed.isEmpty {
            leftOut += written.filter { $0.filmed == nil }.map { LeftOut($0.name, .filmMissing) }
        }
        var result = ExportResult(
            request, sounds: written.count, films: writing.filmed.count, notes: plan.notes)
        if [.avBenchmark, .files].contains(request.evaluator) {
            let captions = try writeCaptions(
                of: written, writing, isForPandas: request.evaluator == .avBenchmark)
            result.captions = captions.count
            leftOut += captions.leftOut
        }
        let renamed = written.filter { ExactText($0.stem) != ExactText($0.name) }
        if !renamed.isEmpty {
            try writing.write(table: namesName, [["file", "name"]] + renamed.map { [$0.stem, $0.name] })
        }
        result.renamed = renamed.count
        result.leftOut = leftOut.sorted { ExactText($0.name) < ExactText($1.name) }
        guard written.count >= layout.fewest else {
            throw ExportError.tooFew(
                request.evaluator, count: written.count, fewest: layout.fewest, leftOut: result.leftOut.lines)
        }
        if !leftOut.isEmpty {
            try writing.write(table: leftOutName, [["name", "reason"]] + result.leftOut.map(\.record))
        }
        try folder.publish()
        return result
    }

    /// Shard by shard where the order does not matter: opening one takes a while.
    private static func inReadingOrder(
        _ samples: [ExportedSample], _ evaluator: OtherEvaluator
    ) -> [ExportedSample] {
        if evaluator == .javisBench { return samples }
        let paths = samples.map { ExactText($0.generated.sound?.path ?? "") }
        return samples.indices.sorted { (paths[$0], $0) < (paths[$1], $1) }.map { samples[$0] }
    }

    private static func writeCaptions(
        of samples: [ExportedSample], _ writing: ExportWriting, isForPandas: Bool
    ) throws -> (count: Int, leftOut: [LeftOut]) {
        let captions = samples.compactMap { sample in sample.prompt.map { (sample, $0) } }
        // What pandas would take for a number or for nothing is no caption to av-benchmark.
        let fit = captions.filter { !isForPandas || PandasField.isText($0.1) }
        let unfit = captions.filter { isForPandas && !PandasField.isText($0.1) }
            .map { LeftOut($0.0.name, .captionUnfit, $0.1) }
        if !fit.isEmpty {
            try writing.write(table: captionsName, [["name", "caption"]] + fit.map { [$0.0.stem, $0.1] })
        }
        return (fit.count, unfit)
    }
}

/// What a sample's files are called for JavisBench.
enum JavisBenchName {
    /// `sample_0000`, by the row's number from 0.
    ///
    /// Source: `gather_audio_video_pred` in JavisDiT's `eval/javisbench/main.py`.
    static func stem(row: Int) -> String {
        let digits = String(row)
        return "sample_" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
