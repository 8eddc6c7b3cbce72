import ArgumentParser
import ClipSampling
import Files
import Media
import Shard

/// `seehear keyframe CLIP`: shows how the still that stands for a clip is chosen, and writes it.
struct KeyFrameCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyframe",
        abstract: "Choose the frame of a clip that stands for it.",
        discussion: """
            Up to \(KeyFrames.limit) frames, evenly spaced, are scored by sharpness, brightness and stability of the colours; \
            docs/captions.md has the formula. Frames are counted from 0 and times in seconds, both from the beginning of \
            the file. The chosen frame is marked with an asterisk.

            Exits with 0 if a frame was chosen and with 2 if the clip cannot be used.
            """)

    @Argument(help: ArgumentHelp("The video.", valueName: "clip"), completion: .file())
    var clip: String

    @Option(help: ArgumentHelp("Where the part to look at begins.", valueName: "seconds"))
    var start: Double = 0

    @Option(help: ArgumentHelp("How long it is; otherwise to the end.", valueName: "seconds"))
    var duration: Double?

    @Option(
        name: .shortAndLong, help: "Write the frame as an image, PNG or JPEG by its ending; replaced if it exists.",
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var output: String?

    @Flag(help: "Take the frame that Katna would, as `keyframe: katna` does.")
    var katna = false

    @Flag(help: "Print the choice and the table as JSON.")
    var json = false

    func validate() throws {
        guard let from = Fraction(asWritten: start), from >= 0 else {
            throw ValidationError("--start \(start): give seconds from 0 on.")
        }
        if let duration, Fraction(asWritten: duration).map({ $0 <= 0 }) ?? true {
            throw ValidationError("--duration \(duration): give seconds above 0.")
        }
        if let output, ImageWriter.Format(fileName: output) == nil {
            throw ValidationError("--output \(output): the name must end in .png, .jpg or .jpeg.")
        }
    }

    func run() throws {
        try Output.reporting {
            let from = Fraction(asWritten: start) ?? 0
            let length = duration.flatMap(Fraction.init(asWritten:))
            if katna {
                let found = try KatnaFrames.choose(path: clip, start: from, duration: length)
                if let place = found.place, let image = found.image {
                    return try show(found.candidates.map(KatnaCandidate.init), choice: place, image)
                }
                StandardStreams.tell("seehear: Katna finds no frame here; a run takes the one that follows.\n")
            }
            let found = try KeyFrames.choose(path: clip, start: from, duration: length)
            try show(found.candidates.map(ScoredCandidate.init), choice: found.choice, found.image)
        }
    }

    private func show(_ candidates: [some ListedCandidate], choice: Int, _ image: Image) throws {
        if let output, let format = ImageWriter.Format(fileName: output) {
            try AtomicFile.write(ImageWriter.encode(image, as: format), to: output)
        }
        let report = KeyFrameReport(candidates, choice: choice, image, clip: clip, path: output)
        if json {
            try Output.printJSON(report)
        } else {
            try Output.table(report.rows)
        }
    }
}
