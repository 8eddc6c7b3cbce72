import ArgumentParser
import Export
import Foundation

/// `seehear export RUN --layout EVALUATOR -o DIR`: writes samples in the layout that another evaluator reads.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write samples in the layout that another evaluator of the field reads.",
        discussion: """
            Sounds become wav files of 16 bits, with the rate and the channels that they have: the sample's flac or wav, or \
            else the sound of its mp4. The bytes of an mp4 are copied. The folder appears once it is whole.

            Prints what was written, what was left out and why, and how to call the evaluator; docs/evaluation.md says what \
            each of them wants. Exits with 0, or with 3 if a sample could not be read, and with 2 if nothing can be exported.
            """)

    @Argument(help: "What was generated: a run directory, or a folder of media files.", completion: .directory)
    var generated: String

    @Option(
        name: .customLong("layout"), help: ArgumentHelp("Whose layout; files is nobody's.", valueName: "evaluator"))
    var evaluator: OtherEvaluator

    @Option(
        name: .shortAndLong, help: "The folder to write: a new one, or an empty one.", completion: .directory)
    var output: String

    @Option(
        help:
            "What it is compared with: a run directory, or a folder of media files of the same names. Pairs alone are exported.",
        completion: .directory)
    var reference: String?

    @Option(
        help: ArgumentHelp(
            "For av-benchmark: how long it looks and listens, 8 without it. What is shorter is left out.",
            valueName: "s"))
    var seconds: Double?

    @Option(
        help: ArgumentHelp(
            "For javisbench: the .csv or .jsonl whose rows the samples are, each by its id or the name of its file. Without it they are numbered in the order of their names.",
            valueName: "file"),
        completion: .file(extensions: ["csv", "jsonl"]))
    var manifest: String?

    func validate() throws {
        if evaluator == .audioldmEval, reference == nil {
            throw ValidationError("audioldm_eval compares two folders: name what is compared with by --reference.")
        }
        if evaluator == .javisBench, reference != nil {
            throw ValidationError("--reference: javisbench reads its reference from its own list; leave it out.")
        }
        if let seconds {
            guard evaluator == .avBenchmark else {
                throw ValidationError("--seconds: \(evaluator.rawValue) takes any length; leave it out.")
            }
            guard seconds > 0, seconds <= 3600 else {
                throw ValidationError("--seconds is \(seconds): give a number above 0, up to 3600.")
            }
        }
        if let manifest {
            guard evaluator == .javisBench else {
                throw ValidationError("--manifest: \(evaluator.rawValue) goes by names; leave it out.")
            }
            guard [".csv", ".jsonl"].contains(where: manifest.lowercased().hasSuffix) else {
                throw ValidationError("--manifest \(manifest): the name must end in .csv or .jsonl.")
            }
        }
    }

    func run() throws {
        func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
        var request = ExportRequest(
            evaluator, generated: absolute(generated), reference: reference.map(absolute), folder: absolute(output))
        if let seconds { request.seconds = seconds }
        request.manifest = manifest.map(absolute)
        let hasUnreadable = try Output.reporting {
            let result = try Exporter.export(request)
            for line in result.lines { try Output.line(line) }
            return result.hasUnreadable
        }
        if hasUnreadable { throw Output.incomplete }
    }
}

extension OtherEvaluator: ExpressibleByArgument {}
