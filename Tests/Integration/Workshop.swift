import Foundation
import TestSupport
import Testing

/// A folder for one test with media and jobs in it; removed with the value.
final class Workshop: Sendable {
    private let temporary: TemporaryFolder
    var folder: URL { temporary.url }

    init() throws { temporary = try TemporaryFolder() }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    func write(_ name: String, _ text: String) throws { try temporary.write(text, to: name) }

    func write(_ name: String, _ data: Data) throws { try temporary.write(data, to: name) }

    /// The names in the folder, sorted.
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

    /// Runs `ffmpeg ARGUMENTS… NAME`; arguments are separated by spaces.
    func make(_ name: String, _ arguments: String) async throws {
        let words = ["-nostdin", "-v", "error", "-y"] + arguments.split(separator: " ").map(String.init)
        let outcome = try await Programs.run("ffmpeg", words + [path(name)])
        try #require(outcome.code == 0, "ffmpeg \(arguments): \(outcome.text)")
    }

    /// Six clips of a second that differ in picture, codec, container, rate and size, some with sound.
    ///
    /// In Matroska with B-frames the first packets have no decoding time, so that one's picture is encoded again and not
    /// copied into the sample's mp4.
    func makeClips() async throws {
        let h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
        try await make("card.mp4", "-f lavfi -i testsrc2=s=96x64:r=12:d=1 -f lavfi -i sine=d=1 \(h264) -c:a aac")
        try await make("bars.mp4", "-f lavfi -i smptebars=s=64x96:r=10:d=1 \(h264)")
        try await make("life.webm", "-f lavfi -i life=s=64x64:r=8:seed=3 -t 1 -c:v libvpx -b:v 200k")
        try await make(
            "drift.mkv", "-f lavfi -i gradients=s=320x240:r=30:d=1:seed=3:speed=0.03 -c:v libx264 -pix_fmt yuv420p")
        try await make("snow.avi", "-f lavfi -i color=gray:s=64x48:r=15:d=1 -vf noise=alls=90:allf=t -c:v mpeg4")
        try await make(
            "zoom.mov", "-f lavfi -i mandelbrot=s=64x48:r=30 -f lavfi -i anoisesrc=d=1 -t 1 \(h264) -c:a aac")
    }

    /// Rows for those clips, one of them without a caption.
    static let rows = [
        #"{"id": "card", "video": "card.mp4", "prompt": "a clock ticks"}"#,
        #"{"id": "bars", "video": "bars.mp4", "prompt": "a steady tone", "seed": 11}"#,
        #"{"id": "life", "video": "life.webm"}"#,
        #"{"id": "drift", "video": "drift.mkv", "prompt": "wind"}"#,
        #"{"id": "snow", "video": "snow.avi", "prompt": "static", "negative_prompt": "music"}"#,
        #"{"id": "zoom", "video": "zoom.mov", "prompt": "something falls"}"#,
    ]

    /// A folder of programs in which the simulated worker goes by the real one's name, as the launcher calls it.
    func simulatedPrograms() throws -> String {
        try FileManager.default.createDirectory(atPath: path("bin"), withIntermediateDirectories: true)
        for (name, program) in [("seehear-worker", "seehear-simulated-worker"), ("seehear", "seehear")] {
            try FileManager.default.createSymbolicLink(
                atPath: path("bin/\(name)"), withDestinationPath: Programs.folder.appending(path: program).path)
        }
        return path("bin")
    }

    /// The random models of all tasks.
    static var allModels: String {
        let random = RandomModels.folder.path
        return
            "{audio: \(random)/audioldm, image: \(random)/sd15, motion: \(random)/motion_adapter, binder: \(random)/imagebind}"
    }

    /// Writes a job with the random models, and its manifest; returns the job file's path.
    ///
    /// - Parameters:
    ///   - rows: lines of the manifest.
    ///   - sampling: more settings of the sampler.
    ///   - settings: more lines of the job file.
    func writeJob(
        _ name: String = "job", rows: [String] = Workshop.rows, steps: Int = 4, batch: Int = 2,
        models: String? = nil, sampling: String? = nil, settings: String = ""
    ) throws -> String {
        try write("\(name).jsonl", rows.joined(separator: "\n") + "\n")
        let random = RandomModels.folder.path
        try write(
            "\(name).yaml",
            """
            task: v2a
            manifest: \(name).jsonl
            models: \(models ?? "{audio: \(random)/audioldm, binder: \(random)/imagebind}")
            sampling: {duration: 1, steps: \(steps)\(sampling.map { ", \($0)" } ?? "")}
            \(settings.contains("guidance:") ? "" : "guidance: {start: 0}")
            batch: \(batch)
            \(settings.contains("shard:") ? "" : "shard: 4")
            threads: 1
            \(settings)
            """)
        return path("\(name).yaml")
    }
}
