/// What to call next, where the evaluator is installed.
struct NextCommands {
    private let request: ExportRequest
    private let hasFilms: Bool
    private let hasCaptions: Bool

    init(_ request: ExportRequest, hasFilms: Bool, hasCaptions: Bool) {
        self.request = request
        self.hasFilms = hasFilms
        self.hasCaptions = hasCaptions
    }

    /// A sentence, and the command lines, indented.
    var text: String {
        let (sentence, commands) =
            switch request.evaluator {
            case .audioldmEval: audioldmEval
            case .avBenchmark: avBenchmark
            case .javisBench: javisBench
            case .files: files
            }
        return ([sentence] + commands.map { "  " + $0.joined(separator: " ") }).joined(separator: "\n")
    }

    /// Folders without a slash at their end, or its caches would be files in them.
    private var audioldmEval: (String, [[String]]) {
        let program = """
            import torch; from audioldm_eval import EvaluationHelper; \
            EvaluationHelper(16000, torch.device("cuda:0"), backbone="cnn14")\
            .main(\(Self.python(path("generated"))), \(Self.python(path("reference"))))
            """
        return (
            "Next, with audioldm_eval, whose default backbone has been MERT since September 2024, so that cnn14 is named:",
            [["python", "-c", Self.shell(program)]]
        )
    }

    /// It looks for the features of videos and captions beside those of the reference.
    private var avBenchmark: (String, [[String]]) {
        let length = "--audio_length=\(SampleReading.text(request.seconds))"
        let audio = path("audio")
        let cache = request.reference == nil ? "GT_CACHE" : Self.shell("\(path("reference"))/cache")
        var commands: [[String]] = []
        if hasFilms {
            commands.append(
                ["python", "extract_video.py", "--video_path", Self.shell(path("video")), "--gt_cache", cache, length])
        }
        if hasCaptions {
            commands.append(
                [
                    "python", "extract_text.py", "--text_csv", Self.shell(path(Exporter.captionsName)),
                    "--output_cache_path", cache,
                ])
        }
        let reference = request.reference == nil ? [] : ["--gt_audio", Self.shell(path("reference"))]
        commands.append(
            ["python", "evaluate.py"] + reference
                + [
                    "--gt_cache", cache, "--pred_audio", Self.shell(audio), "--pred_cache",
                    Self.shell("\(audio)/cache"),
                ]
                + [length] + (hasFilms ? [] : ["--skip_video_related"]) + (hasCaptions ? [] : ["--skip_clap"]))
        let features = request.reference == nil ? ", where GT_CACHE is the folder of the reference's features" : ""
        return ("Next, in the folder of av-benchmark\(features):", commands)
    }

    private var javisBench: (String, [[String]]) {
        (
            "Next, in the folder of JavisDiT, where LIST.csv is its list of these samples; of an --output_file that is there already it takes over the values:",
            [
                [
                    "torchrun", "--nproc_per_node=1", "-m", "eval.javisbench.main", "--input_file", "LIST.csv",
                    "--infer_data_dir", Self.shell(request.folder), "--output_file", "results/NEW.json",
                    "--max_audio_len_s", "4.0", "--metrics", "all",
                ]
            ]
        )
    }

    private var files: (String, [[String]]) {
        let sides =
            [Self.shell(path("generated"))]
            + (request.reference == nil ? [] : ["--reference", Self.shell(path("reference"))])
        return (
            "These folders are what seehear itself evaluates too:",
            [
                ["seehear-worker", "eval"] + sides + [
                    "--table", "paper-sound", "--networks", "WEIGHTS", "--out", "RESULTS",
                ]
            ]
        )
    }

    private func path(_ inner: String) -> String { "\(request.folder)/\(inner)" }

    /// A word of a command line.
    private static func shell(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "/._-+,=".utf8.contains(byte)
        }
        return isPlain && !word.isEmpty ? word : "'\(word.replacing("'", with: #"'\''"#))'"
    }

    /// A string of a Python program.
    private static func python(_ text: String) -> String {
        "\"\(text.replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#))\""
    }
}
