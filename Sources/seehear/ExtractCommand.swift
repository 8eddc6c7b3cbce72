import ArgumentParser
import Arguments
import Planning
import Shard

/// `seehear extract RUN KEY… -o DIR`: writes members of samples as files.
struct ExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Write samples of a run as files.",
        discussion: """
            Each member becomes OUTPUT/KEY.EXTENSION. Files that exist are replaced, as tar does. 'dog-*' stands for all keys \
            that begin so; * is any text, ? one character, [ab] one of several. Keys that start with a \
            dash go after two dashes: seehear extract RUN -o DIR -- -0p7hKXZ1ww
            """)

    @OptionGroup var argument: RunArgument

    @Argument(help: ArgumentHelp("The keys of the samples, or patterns of keys.", valueName: "key"))
    var keys: [String] = []

    @Option(name: .shortAndLong, help: "The folder to write to; made if it does not exist.", completion: .directory)
    var output: String

    @Flag(help: "Extract every sample.")
    var all = false

    @Option(help: "Only these members, comma-separated, such as json,mp4.")
    var members: String?

    func validate() throws {
        if all != keys.isEmpty {
            throw ValidationError(
                all ? "Give either keys or --all, not both." : "Give the keys of the samples, or --all.")
        }
    }

    func run() throws {
        try Output.reporting {
            // Shards say nothing of a folder that holds none.
            _ = try Run.describe(argument.directory)
            let wanted = members.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            let extractor = try SampleExtractor(layout: argument.directory.layout, folder: output, members: wanted)
            let written = try extractor.extract(all ? .all : .keys(keys.map { KeyPattern($0) }))
            try Output.line("\(written) files in \(output)")
        }
    }
}
