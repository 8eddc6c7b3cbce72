internal import Planning

/// The card of a data set that is a run's shards: Markdown, with the front matter that the Hugging Face hub reads.
package struct DatasetCard {
    private let run: ReportedRun

    package init(_ run: ReportedRun) { self.run = run }

    package var text: String {
        [front, introduction, contents, models, loading, making].joined(separator: "\n\n") + "\n"
    }

    private var isPlain: Bool { run.shards.first?.name.hasSuffix(".tar") ?? false }

    /// Where models forbid something the data set cannot allow it; its maker has to decide, and `other` says so.
    private var front: String {
        var lines = ["---", "pretty_name: \(yaml(run.name))", "license: other"]
        lines += ["size_categories: [\(size)]", "tags: [webdataset, synthetic, seehear, audio, video]"]
        // That the hub reads compressed ones was not seen.
        if isPlain {
            lines += [
                "configs:", "- config_name: default", "  data_files:", "  - split: train", "    path: shards/*.tar",
            ]
        }
        return (lines + ["---"]).joined(separator: "\n")
    }

    private var size: String {
        switch run.made {
        case ..<1000: "n<1K"
        case ..<10_000: "1K<n<10K"
        case ..<100_000: "10K<n<100K"
        case ..<1_000_000: "100K<n<1M"
        default: "1M<n<10M"
        }
    }

    private var introduction: String {
        let tasks = run.tasks.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.value) of `\($0.key)` (\(Self.tasks[$0.key] ?? "samples"))" }.joined(separator: ", ")
        let failed = run.failed > 0 ? "; \(run.failed) more could not be made and are in no shard" : ""
        return """
            # \(run.name)

            \(run.made) samples, made by models and not recorded: \(tasks)\(failed). \
            \(run.shards.count) shard\(run.shards.count == 1 ? "" : "s"), \(ByteText.short(Int64(run.bytes))).
            """
    }

    private static let tasks = [
        "v2a": "audio for a video", "i2a": "audio for an image", "a2v": "a video for audio",
        "a2i": "an image for audio", "joint": "a video and its audio from a prompt",
        "mm": "a video and its audio from nothing",
    ]

    private static let members = [
        "json": "everything that made the sample: prompt, seed, source, settings, models by SHA-256, scores",
        "flac": "the audio, 16 kHz, mono, 16 bits", "wav": "the audio, 16 kHz, mono, 16 bits",
        "mp4": "the video, with audio where the task has it", "png": "the image", "jpg": "the image",
        "audio_latent.npy": "the final latent of the audio, half precision",
        "video_latent.npy": "the final latent of the frames, half precision",
    ]

    private var contents: String {
        let rows = run.members.map { member in
            // Of several finished samples of a row, the further ones have their rank in front.
            let name = member.split(separator: ".", maxSplits: 1).last.map(String.init) ?? member
            let meaning = Self.members[member] ?? Self.members[name].map { "\($0), of a further choice" } ?? ""
            return "| `\(member)` | \(meaning) |"
        }
        return """
            ## Contents
            `shards/` holds the samples, `samples.jsonl.zst` a row for each: key, task, prompt, seed, scores, or why it failed.

            | member | what |
            |---|---|
            \(rows.joined(separator: "\n"))
            """
    }

    private var models: String {
        let rows = run.models.filter { $0.role != ModelIdentity.labels }.map { model in
            let name = model.path.split(separator: "/").last.map(String.init) ?? model.path
            let license = model.license ?? "not told by its files"
            return "| \(model.role) | \(name) | \(model.isNonCommercial ? "**\(license)**" : license) |"
        }
        let forbids = run.models.contains(where: \.isNonCommercial)
        return """
            ## Models and licences
            | for | which | licence |
            |---|---|---|
            \(rows.joined(separator: "\n"))

            \(forbids ? "At least one of these models may not be used commercially. " : "")\
            What may be done with the samples depends on these licences and on those of what was given; look at them before you \
            choose a licence in place of `other` above.
            """
    }

    private var loading: String {
        let last = String(String(1_000_000 + max(run.shards.count - 1, 0)).dropFirst())
        let shards = "shards/shard-{000000..\(last)}.tar"
        let member = run.members.first { ["flac", "mp4", "png"].contains($0) } ?? "json"
        return """
            ## Loading
            ```python
            import webdataset

            for sample in webdataset.WebDataset("\(isPlain ? shards : "pipe:zstd -dcq \(shards).zst")", shardshuffle=False):
                sample["__key__"], sample["json"], sample.get("\(member)")
            ```
            """
    }

    private var making: String {
        let versions = run.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        let shown = ["preset", "seed", "seed_mode", "precision"].compactMap { key in
            run.settings[key].map { "`\(key): \($0)`" }
        }
        return """
            ## How it was made
            By \(versions), after [Seeing and Hearing](https://arxiv.org/abs/2402.17723): \(shown.joined(separator: ", ")); \
            `run.json` has every setting, and each sample's json those that it was made with. The run's identity is `\(run.identity)`.
            """
    }

    /// A text as YAML in one line.
    private func yaml(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }
}
