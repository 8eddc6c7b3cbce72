import ArgumentParser
import Files
import Foundation
import Planning
import Report
import Scoring

/// `seehear report RUN… -o DIR`: a page of what was made.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a page that shows what runs made, and how they went.",
        discussion: """
            seehear report runs/first -o page                    24 samples by chance; page/index.html opens in a browser
            seehear report runs/plain runs/guided -o page        the same samples side by side, and what differs
            seehear report runs/first --best 8 --worst 8 -o page
            seehear report runs/first --key dog-01 --single -o dog.html

            Every sample is in the page's list; those that are shown have their media, in the folder beside the page, or in \
            the page with --single. The page asks nobody for anything, so it opens from a disk and from any host. Values \
            of an evaluation are taken from the folder `evaluation` of each run, where there is one.
            """)

    @Argument(help: "The runs; the others are compared with the first.", completion: .directory)
    var runs: [String]

    @Option(
        name: .shortAndLong, help: "The folder to write, which may not hold anything; with --single, the file.",
        completion: .directory)
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Show so many samples by chance. (default: 24, without --best, --worst and --key)", valueName: "n"))
    var draw: Int?

    @Option(help: "What the chance depends on.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Show so many of the best of the first run.", valueName: "n"))
    var best = 0

    @Option(help: ArgumentHelp("Show so many of the worst of the first run.", valueName: "n"))
    var worst = 0

    @Option(help: ArgumentHelp("What is best and worst: score, loss, or a metric of an evaluation.", valueName: "what"))
    var by = "score"

    @Option(name: .customLong("key"), parsing: .singleValue, help: "Show this sample; may be given again.")
    var keys: [String] = []

    @Flag(help: "Put everything into one file.")
    var single = false

    @Option(
        help: ArgumentHelp(
            "Also write a card for the data set, such as README.md for the Hugging Face hub.", valueName: "file"),
        completion: .file())
    var card: String?

    @Flag(help: "Print what the page would say as JSON, without media, and write nothing.")
    var json = false

    func validate() throws {
        for (name, count) in [("draw", draw ?? 0), ("best", best), ("worst", worst)]
        where !(0...10_000).contains(count) {
            throw ValidationError("--\(name) is \(count): give a number from 0 to 10000.")
        }
        guard !json || output == nil else { throw ValidationError("--json writes no page: leave out --output.") }
        guard json || output != nil || card != nil else {
            throw ValidationError("Name what is written with --output, or --card.")
        }
        if card != nil, runs.count > 1 { throw ValidationError("--card is for one run, and \(runs.count) are given.") }
    }

    func run() throws {
        try Output.reporting {
            let sources = try runs.map { path in
                let directory = RunDirectory(URL(filePath: path))
                _ = try Run.describe(directory)
                let evaluation = "\(directory.url.standardizedFileURL.path)/evaluation"
                let values = PathKind(evaluation) == .folder ? try EvaluationFolder(evaluation).scores.samples : [:]
                return ReportReader.Source(directory, values: values)
            }
            var choice = SampleChoice()
            (choice.best, choice.worst, choice.measure, choice.keys, choice.seed) = (best, worst, by, keys, seed)
            choice.drawn = draw ?? (best + worst + keys.count > 0 ? 0 : 24)
            for path in [card, single ? output : nil].compactMap({ $0 }) where PathKind(path) != .nothing {
                throw ReportedAlready(path: path)
            }
            if !single, let output, try !Directory.names(in: output).isEmpty { throw ReportedAlready(path: output) }
            let reader = try ReportReader(sources)
            if let card {
                try AtomicFile.write(Array(DatasetCard(reader.content.runs[0]).text.utf8), to: card)
                if !json { try Output.line("wrote \(card)") }
            }
            if json { try Output.printJSON(reader.content, pretty: false) }
            guard let output else { return }
            let writer = try ReportWriter(reader, showing: choice)
            if single { try writer.writeSingle(output) }
            try Output.line("wrote \(single ? output : writer.write(to: output))")
        }
    }
}

/// What would be written over.
struct ReportedAlready: Error, CustomStringConvertible {
    let path: String
    var description: String { "\(path) is there already: remove it, or name another place" }
}
