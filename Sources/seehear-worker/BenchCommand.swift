import ArgumentParser
import Arguments
import Files
import JSON
import Method
import Torch
import Worker

/// `seehear-worker bench`: guided steps on this machine, by stage.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure guided steps on this machine: time by stage and peak memory, as JSON.")

    @Option(help: "Measure audio: an AudioLDM folder, or a repository in the Hugging Face cache.")
    var audio: String?

    @Option(help: "Measure images: a Stable Diffusion folder, or a repository in the Hugging Face cache.")
    var image: String?

    @Option(help: "With --image, measure videos: a motion adapter.")
    var motion: String?

    @Option(help: "ImageBind's folder or weights file.")
    var binder: String

    @Option(help: "Length of the audio in seconds.")
    var seconds = 10.0

    @Option(help: "Width and height of the frames.")
    var size = 256

    @Option(help: "Frames of the video.")
    var frames = 8

    @Option(help: "What is kept for the gradient.")
    var memory = MemoryPolicy.auto

    @Option(help: "Samples computed together.")
    var batch = 1

    @Option(help: "Steps to run; the first is not counted.")
    var steps = 3

    @Option(help: "Threads of one operation.")
    var threads: Int?

    @Flag(help: "Tune the prompt embedding too.")
    var tunePrompt = false

    func validate() throws {
        guard (audio == nil) != (image == nil) else { throw ValidationError("give either --audio or --image.") }
        guard motion == nil || image != nil else { throw ValidationError("--motion needs --image.") }
    }

    func run() throws {
        try TorchRuntime.configure(threads: threads)
        var options = GuidedStepBenchmark.Options(subject, binder: binder)
        options.batch = batch
        options.steps = steps
        options.tunePrompt = tunePrompt
        options.memory = memory
        let report = try JSONCoding.encode(GuidedStepBenchmark(options).run(), pretty: true)
        try StandardStreams.output(String(decoding: report, as: UTF8.self) + "\n")
    }

    private var subject: GuidedStepBenchmark.Subject {
        if let image, let motion { return .video(folder: image, motion: motion, size: size, frames: frames) }
        if let image { return .image(folder: image, size: size) }
        return .audio(folder: audio ?? "", duration: seconds)
    }
}
