import ArgumentParser
import Arguments
import Files
import Foundation
import Method
import Planning
import Preflight
import Scoring
import Threads
import Worker

/// `seehear-worker eval`: takes the features that metrics need, on every rank, and computes the metrics.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Evaluate what was generated: take features on every rank, then compute the metrics.",
        discussion: """
            mpirun -n 9 seehear-worker eval RUN --reference FOLDER --table paper-sound --networks WEIGHTS

            Features are taken once and kept; the same command resumes, and seehear eval computes other metrics of the same \
            features on any machine. Exits as a run does: 3 where samples could not be read or a metric could not be \
            computed; they are named.
            """)

    @OptionGroup var evaluation: EvaluationArguments

    @Option(
        help: "The folder of features and results; of a run, without it, its folder `evaluation`.",
        completion: .directory)
    var out: String?

    @Option(help: "The folder in which the metrics' networks lie under their published names.", completion: .directory)
    var networks: String?

    @Option(
        name: .customLong("network"), parsing: .singleValue,
        help: ArgumentHelp("A network that lies elsewhere, such as vggish=FILE.", valueName: "name=file"))
    var networkFiles: [String] = []

    @OptionGroup var placing: DeviceArguments

    @OptionGroup var ranks: RankArguments

    func validate() throws {
        guard !evaluation.isOfFeatureFiles else {
            throw ValidationError(
                "features in .npy files are there already: seehear eval compares them, without ranks.")
        }
        _ = try files()
        if out == nil, !isRun {
            throw ValidationError(
                "\(evaluation.generated) is no run: say with --out where features and results shall be.")
        }
    }

    private var isRun: Bool { FileManager.default.fileExists(atPath: "\(evaluation.generated)/run.json") }

    private func files() throws -> [EvaluationModel: String] {
        var files: [EvaluationModel: String] = [:]
        for text in networkFiles {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let model = EvaluationModel(parts[0]) else {
                throw ValidationError(
                    "--network \(text): give a name and a file, such as vggish=FILE; names are \(EvaluationModel.all.map(\.name).joined(separator: ", "))."
                )
            }
            files[model] = Self.absolute(parts[1])
        }
        return files
    }

    private static func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }

    func run() async throws {
        let settings = try evaluation.settings
        let target = out ?? "\(evaluation.generated)/evaluation"
        var request = EvaluationRequest(
            generated: Self.absolute(evaluation.generated), reference: evaluation.reference.map(Self.absolute),
            settings: settings)
        request.networks = networks.map(Self.absolute)
        request.networkFiles = try files()
        (request.device, request.threads, request.gather) = (placing.device, placing.threads, placing.gather)
        var options = RankProgram.Options(target: target)
        options.evaluation = request
        ranks.apply(to: &options)
        try await RankStart.run(options) { code in
            let directory = RunDirectory(URL(filePath: target, directoryHint: .isDirectory))
            let (result, table) = try await WorkThread("scores").perform {
                try EvaluationReport.write(directory, settings: settings)
            }
            print(table.text, terminator: "")
            return result.isComplete ? code : 3
        }
    }
}
