import ArgumentParser
import Arguments
import Files
import Foundation
import Planning
import Preflight
import Threads
import Worker

/// `seehear-worker caption`: writes the manifest of a job with captions by models.
struct CaptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caption",
        abstract:
            "Caption the rows of a job that have no prompt, on every rank, and write a manifest to read and edit.",
        discussion: """
            mpirun -n 9 seehear-worker caption JOB.yaml --out captioned.jsonl

            Beside captioned.jsonl comes captioned.captions.jsonl with the score of each caption, and how well ImageBind finds it \
            to fit: the low ones are worth reading. captioned.run has what ranks made; the same command resumes there. With \
            captioner.server in the job a server that you run is asked; a key for it comes from SEEHEAR_CAPTION_KEY. Exits \
            with 0, with 3 where rows could not be captioned, which have no prompt then, with 75 when it was stopped or the \
            server is gone, with 1 where the server refuses, and with 2 where the job cannot be captioned.
            """)

    @OptionGroup var argument: JobArguments

    @Option(
        help: "The manifest to write, a .jsonl file; replaced if it exists.", completion: .file(extensions: ["jsonl"]))
    var out: String

    @Flag(help: "Caption rows that have a prompt anew.")
    var all = false

    @OptionGroup var ranks: RankArguments

    func validate() throws {
        guard out.hasSuffix(".jsonl"), !out.hasSuffix("/.jsonl"), out != ".jsonl" else {
            throw ValidationError("--out \(out): the name must end in .jsonl.")
        }
    }

    func run() async throws {
        let target = "\(out.dropLast(".jsonl".count)).run"
        var options = RankProgram.Options(target: target)
        options.captions = CaptionRequest(job: argument.job, everyRow: all)
        options.overrides = argument.overrides
        ranks.apply(to: &options)
        let out = out
        try await RankStart.run(options) { code in
            let counts = try await WorkThread("manifest").perform {
                try CaptionedManifest(RunDirectory(URL(filePath: target, directoryHint: .isDirectory))).write(
                    to: out)
            }
            let failed = counts.failed > 0 ? ", \(counts.failed) could not be captioned" : ""
            print("\(out): \(counts.captioned) rows captioned\(failed); \(CaptionedManifest.sidecar(of: out))")
            return code
        }
    }
}
