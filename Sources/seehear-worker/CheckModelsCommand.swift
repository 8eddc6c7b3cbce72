import ArgumentParser
import Arguments
import Files
import Foundation
import Method
import Planning
import Preflight
import Worker

/// `seehear-worker check-models`: every key and shape of a job's models; `seehear plan` asks for it.
struct CheckModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-models",
        abstract: "Check the keys and shapes of a job's models; print a line for each problem and exit with 2.")

    @OptionGroup var argument: JobArguments

    @Option(parsing: .singleValue, help: "A task that rows have; without one all tasks count.")
    var task: [GenerationTask] = []

    @Option(
        parsing: .singleValue,
        help: "What rows without a prompt have: image or audio; captioners of what no such row has are not looked at.")
    var captioned: [CaptionedMedium] = []

    func run() throws {
        let tasks = Set(task.isEmpty ? GenerationTask.allCases : task)
        let job = try JobFile.load(URL(filePath: argument.job), overrides: argument.overrides)
            .narrowed(to: tasks, captioning: Set(captioned))
        let problems = EngineModelProbe().inspect(job).problems
        for problem in problems { try StandardStreams.output("\(problem)\n") }
        if !problems.isEmpty { throw ExitCode(2) }
    }
}

extension CaptionedMedium: ExpressibleByArgument {}
