import ArgumentParser
import Arguments
import Files
import Foundation
import Method
import Planning
import Preflight
import Threads
import Worker

/// `seehear-worker stylize`: redraws the pictures of a manifest.
struct StylizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stylize",
        abstract: "Redraw the pictures of a manifest, and the key frames of its videos, on every rank.",
        discussion: """
            mpirun -n 9 seehear-worker stylize MANIFEST --model paprika.pt --out DIR

            With AnimeGANv2's Paprika, as the pictures of the paper's I2A were made. DIR gets a PNG for each row and \
            manifest.jsonl, which caption and a job can read; DIR/run has what ranks made, and the same command resumes there. \
            Exits with 0, with 3 where rows could not be read, with 75 when it was stopped, and with 2 where nothing can be done.
            """)

    @Argument(help: "The manifest, with rows of v2a or i2a.", completion: .file())
    var manifest: String

    @Option(help: "The weights, paprika.pt of the PyTorch port.", completion: .file())
    var model: String

    @Option(help: "The folder to write to; made if it does not exist.", completion: .directory)
    var out: String

    @Option(help: "Which frame stands for a video.")
    var keyframe = KeyFrameRule.seehear

    @Flag(help: "Leave the pictures as bright as they come out; without it they are as bright as the photographs.")
    var anyBrightness = false

    @OptionGroup var placing: DeviceArguments

    @OptionGroup var ranks: RankArguments

    func run() async throws {
        var request = PictureRequest(manifest: manifest, model: model)
        (request.keyFrames, request.keepsBrightness) = (keyframe, !anyBrightness)
        (request.device, request.threads, request.gather) = (placing.device, placing.threads, placing.gather)
        let (folder, target) = (out, "\(out)/run")
        var options = RankProgram.Options(target: target)
        options.pictures = request
        ranks.apply(to: &options)
        try await RankStart.run(options) { code in
            let count = try await WorkThread("pictures").perform {
                try PictureFolder(RunDirectory(URL(filePath: target, directoryHint: .isDirectory))).write(
                    to: folder)
            }
            print("\(count) pictures in \(folder), with \(folder)/manifest.jsonl")
            return code
        }
    }
}

extension KeyFrameRule: ExpressibleByArgument {}
