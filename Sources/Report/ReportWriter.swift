internal import Files
internal import Foundation
internal import Method
internal import Planning
internal import Shard

/// Writes a report: its page, and the media that it shows.
package struct ReportWriter {
    private let sources: [ReportReader.Source]
    private let choice: SampleChoice

    package init(_ sources: [ReportReader.Source], showing choice: SampleChoice) {
        (self.sources, self.choice) = (sources, choice)
    }

    /// What the report would show, without media.
    /// - Throws: as ``ReportReader/content(of:)``.
    package func content() throws -> ReportContent { try ReportReader().content(of: sources) }

    /// Writes `index.html` and `media` into a folder that appears whole or not at all.
    /// - Parameter folder: nothing, or an empty folder.
    /// - Returns: the page's path.
    /// - Throws: as ``content()``; ``SampleChoice/Problem``; `ShardReadError`; errors of the files.
    package func write(to folder: String) throws -> String {
        let content = try self.content()
        let places = try choice.places(in: content.samples)
        let made = try AtomicFolder(folder)
        let scratch = "\(made.path)/scratch"
        try Directory.create(scratch)
        let page = try page(content, places, FolderMedia(folder: made.path), scratch: scratch)
        try Directory.removeAll(scratch)
        try AtomicFile.write(Array(page.utf8), to: "\(made.path)/index.html")
        try made.publish()
        return "\(folder)/index.html"
    }

    /// Writes everything into one HTML file.
    /// - Throws: as ``write(to:)``.
    package func writeSingle(_ file: String) throws {
        let content = try self.content()
        let places = try choice.places(in: content.samples)
        let scratch = FileManager.default.temporaryDirectory.appending(path: "seehear-report-\(UUID().uuidString)").path
        try Directory.create(scratch)
        defer { try? Directory.removeAll(scratch) }
        let page = try page(content, places, InlineMedia(), scratch: scratch)
        try AtomicFile.write(Array(page.utf8), to: file)
    }

    private func page(
        _ content: ReportContent, _ places: [Int], _ store: some MediaStore, scratch: String
    ) throws -> String {
        let content = try shown(content, places, store, scratch)
        return try Page(content).html()
    }

    /// The content with the media of the chosen samples.
    private func shown(
        _ content: ReportContent, _ places: [Int], _ store: some MediaStore, _ scratch: String
    ) throws -> ReportContent {
        var samples = content.samples
        var reader = MediaReader(store, scratch: scratch)
        var planned: [Int: PlannedSample] = [:]
        let wanted = Dictionary(places.map { (ExactText(samples[$0].key), $0) }) { first, _ in first }
        for (number, source) in sources.enumerated() {
            let run = try Run.open(source.directory)
            var shards: [Int: [Int]] = [:]
            try run.forEachSample { row, made in
                guard let place = wanted[ExactText(row.key)] else { return }
                if planned[place] == nil { planned[place] = row as? PlannedSample }
                // Media are read of finished shards.
                if made?.shard != nil { shards[row.shard, default: []].append(place) }
            }
            let (layout, index) = (run.directory.layout, DatasetIndex(layout: run.directory.layout))
            for (shard, members) in shards.sorted(by: { $0.key < $1.key }) {
                guard let record = try index.record(shard: shard) else { continue }
                let file = try ShardReader(path: "\(layout.shards)/\(record.shard)", record: record)
                for place in members {
                    if let sample = try file.sample(samples[place].key), let row = planned[place] {
                        samples[place].results[number]?.made = try reader.made(sample, row.task, run: number + 1)
                    }
                }
            }
        }
        for place in places {
            samples[place].given = try planned[place].flatMap { try reader.given($0) }
        }
        return ReportContent(runs: content.runs, samples: samples)
    }
}
