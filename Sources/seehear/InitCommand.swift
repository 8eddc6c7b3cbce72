import ArgumentParser
import Arguments
import Files
import Foundation
import Method
import Planning

/// `seehear init clips/`: a manifest and a job to begin with.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a manifest and a job file for media or prompts, to be edited.",
        discussion: """
            seehear init clips/                                    sound for every video and image below the folder
            seehear init sounds/*.flac --task a2i --out pictures
            seehear init prompts.txt                               video and sound from one prompt a line

            Writes samples.jsonl and job.yaml, with comments. Videos become rows of v2a, images of i2a, sounds of a2v, and \
            lines that are no files of joint, unless --task says otherwise.
            """)

    @Argument(help: "Folders, media files, or text files with a file or a prompt a line.", completion: .file())
    var inputs: [String]

    @Option(help: "What is made of all of them.")
    var task: GenerationTask?

    @Option(help: "The folder for both files; made if it does not exist.", completion: .directory)
    var out = "."

    @Option(
        help: "A list of captions, one a line, such as Models/labels/everyday-sounds.txt: the job searches in it.",
        completion: .file())
    var labels: String?

    func run() throws {
        try Output.reporting {
            let folder = URL(filePath: out).standardizedFileURL.path
            let inputs = try StarterInputs(inputs)
            let labels = labels.map { URL(filePath: $0).standardizedFileURL.path }
            if let labels, PathKind(labels) != .file { throw StarterError.nothingThere(labels) }
            let starter = try StarterJob(inputs, task: task, folder: folder, labels: labels)
            let (manifest, job) = ("\(folder)/\(StarterJob.manifestName)", "\(folder)/\(StarterJob.jobName)")
            for path in [manifest, job] where PathKind(path) != .nothing { throw StarterError.exists(path) }
            try Directory.create(folder)
            try AtomicFile.write(starter.manifest, to: manifest)
            try AtomicFile.write(Array(starter.job.utf8), to: job)
            let tasks = starter.tasks.map(\.rawValue).joined(separator: ", ")
            try Output.line("wrote \(manifest): \(starter.rows) rows of \(tasks)")
            try Output.line("wrote \(job): look whether its models are those that you have, then")
            try Output.line("  seehear plan \(job) --dry-run")
        }
    }
}
