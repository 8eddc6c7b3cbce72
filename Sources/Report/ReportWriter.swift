internal import Files
internal import Foundation
internal import Method
internal import Planning
internal import Shard

/// Writes a report: its page, and the media that it shows.
package struct ReportWriter {
    private let reader: ReportReader
    /// The places of the samples that are shown.
    private let places: [Int]

    /// - Throws: ``SampleChoice/Problem``.
    package init(_ reader: ReportReader, showing choice: SampleChoice) throws(SampleChoice.Problem) {
        self.reader = reader
        places = try choice.places(in: reader.content.samples)
    }

    /// Writes `index.html` and `media` into a folder that appears whole or not at all.
    /// - Parameter folder: nothing, or an empty folder.
    /// - Returns: the page's path.
    /// - Throws: `ShardReadError`; errors of the files.
    package func write(to folder: String) throws -> String {
        let made = try AtomicFolder(folder)
        let scratch = "\(made.path)/scratch"
        try Directory.create(scratch)
        let page = try Page(shown(FolderMedia(folder: made.path), scratch)).html()
        try Directory.removeAll(scratch)
        try AtomicFile.write(Array(page.utf8), to: "\(made.path)/index.html")
        try made.publish()
        return "\(folder)/index.html"
    }

    /// Writes everything into one HTML file.
    /// - Throws: as ``write(to:)``.
    package func writeSingle(_ file: String) throws {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "seehear-report-\(UUID().uuidString)").path
        try Directory.create(scratch)
        defer { try? Directory.removeAll(scratch) }
        try AtomicFile.write(Array(Page(shown(InlineMedia(), scratch)).html().utf8), to: file)
    }

    /// The content with the media of the chosen samples; of what was made, those of finished shards.
    private func shown(_ store: some MediaStore, _ scratch: String) throws -> ReportContent {
        var samples = reader.content.samples
        var media = MediaReader(store, scratch: scratch)
        for (number, (run, indices)) in reader.runs.enumerated() {
            let (layout, index) = (run.directory.layout, DatasetIndex(layout: run.directory.layout))
            let rows = try places.compactMap { place in
                try (indices.indices.contains(place) ? indices[place] : nil).flatMap { at in
                    try (run.rows.samples(at..<at + 1).first as? PlannedSample).map { (place, $0) }
                }
            }
            for (shard, members) in Dictionary(grouping: rows, by: \.1.shard).sorted(by: { $0.key < $1.key }) {
                let record = try index.record(shard: shard)
                let file = try record.map { try ShardReader(path: "\(layout.shards)/\($0.shard)", record: $0) }
                for (place, row) in members {
                    if samples[place].given == nil { samples[place].given = try media.given(row) }
                    guard let sample = try file?.sample(row.key) else { continue }
                    samples[place].results[number]?.made = try media.made(sample, row.task, run: number + 1)
                }
            }
        }
        return ReportContent(runs: reader.content.runs, samples: samples)
    }
}
