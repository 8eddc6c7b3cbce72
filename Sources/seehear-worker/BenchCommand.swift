import ArgumentParser
import JSON
import Torch
import Worker

/// `seehear-worker bench`: guided steps on this machine, by stage.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure guided steps on this machine: time by stage and peak memory, as JSON.")

    @Option(help: "An AudioLDM folder, or a repository in the Hugging Face cache.")
    var audio: String

    @Option(help: "ImageBind's folder or weights file.")
    var binder: String

    @Option(help: "Length of the sound in seconds.")
    var seconds = 10.0

    @Option(help: "Samples computed together.")
    var batch = 1

    @Option(help: "Steps to run; the first is not counted.")
    var steps = 3

    @Option(help: "Threads of one operation.")
    var threads: Int?

    @Flag(help: "Tune the prompt embedding too.")
    var tunePrompt = false

    func run() throws {
        try TorchRuntime.configure(threads: threads)
        var options = GuidedStepBenchmark.Options(audio: audio, binder: binder)
        options.seconds = seconds
        options.batch = batch
        options.steps = steps
        options.tunePrompt = tunePrompt
        print(String(decoding: try JSONCoding.encode(GuidedStepBenchmark(options).run(), pretty: true), as: UTF8.self))
    }
}
