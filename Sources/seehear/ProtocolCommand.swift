import ArgumentParser
import Files
import Foundation
import Method
import Planning
import Preflight

/// `seehear protocol FILE --data DIR --out DIR`: the samples of a row of a published table, from the user's copy of the data.
struct ProtocolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "protocol",
        abstract: "Choose the samples of a published table's row, and write what generates and evaluates them.",
        discussion: """
            seehear protocol eval/protocols/v2a.yaml --data VGGSound/video --list vggsound.csv --out runs/table1-v2a

            Writes manifest.jsonl and job.yaml for the generated side, reference.jsonl for the other, and protocol.json, \
            which names what is missing from the data; then prints the two commands. The choice depends on the seed and \
            on the ids alone. Clips are not copied.
            """)

    @Argument(help: "The protocol, such as eval/protocols/v2a.yaml.", completion: .file(extensions: ["yaml"]))
    var file: String

    @Option(help: "The folder with the clips.", completion: .directory)
    var data: String?

    @Option(
        help: "VGGSound's list, vggsound.csv; without it every clip of the folder may be chosen.", completion: .file())
    var list: String?

    @Option(
        help: "i2a: a folder with a picture for each clip, of its name, in place of a key frame.",
        completion: .directory)
    var pictures: String?

    @Option(help: "Fewer or more samples than the protocol says.")
    var samples: Int?

    @Option(help: "The folder that is written.", completion: .directory)
    var out: String

    func validate() throws {
        if let samples, samples < 1 { throw ValidationError("--samples is \(samples): give a number from 1 on.") }
    }

    func run() throws {
        try Output.reporting {
            let plan: EvaluationProtocol
            let choice: ProtocolPlanner.Choice
            do throws(EvaluationProtocolError) {
                plan = try EvaluationProtocol.load(Self.absolute(file))
                choice = try ProtocolPlanner(inputs: MediaProbe()).choose(
                    plan, data: data.map(Self.absolute), list: list.map(Self.absolute), most: samples,
                    pictures: pictures.map(Self.absolute))
            } catch {
                Output.complain("error: \(error)")
                throw Output.invalid
            }
            let folder = Self.absolute(out)
            try ProtocolFolder(folder).write(plan, choice, protocolFile: Self.absolute(file))
            try report(plan, choice, folder)
        }
    }

    private func report(_ plan: EvaluationProtocol, _ choice: ProtocolPlanner.Choice, _ folder: String) throws {
        try Output.line("\(plan.title): \(choice.samples.count) samples of \(choice.candidates)")
        if let wanted = samples ?? plan.samples, choice.samples.count < wanted {
            try Output.line("note: \(wanted) were wanted; results of other numbers of samples are not comparable")
        }
        if let first = choice.missing.first {
            try Output.line(
                "note: \(choice.missing.count) cannot be used, and the next were taken, such as \(first.id): \(first.reason)"
            )
        }
        if !plan.remarks.isEmpty { try Output.line("\n\(plan.remarks)") }
        let style = plan.style == "av-benchmark" ? " --style av-benchmark --seconds \(plan.window.seconds)" : ""
        let sees = plan.table.settings.generatedFeatures.contains(where: \.isOfFrames)
        let framing = sees ? " --framing \(plan.framing.rawValue)" : ""
        let reference = plan.source == .clips ? " --reference \(folder)/reference.jsonl" : ""
        if plan.task != nil {
            try Output.line(
                "\nmpirun -n N seehear-worker \(folder)/job.yaml --out \(folder)/run --set models.binder=… and the task's other models"
            )
        }
        try Output.line(
            "mpirun -n N seehear-worker eval \(plan.task == nil ? "GENERATED" : "\(folder)/run")\(reference) --table \(plan.table.rawValue)\(style)\(framing) --networks WEIGHTS"
        )
    }

    private static func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
}
