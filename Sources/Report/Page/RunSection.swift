internal import Planning

/// What a page says of a run as a whole.
struct RunSection {
    let run: ReportedRun

    var html: String {
        [
            "<section class=run><h2>\(escaped(run.name))</h2>", counts, failures, ranks, stages, slowest, models,
            shards,
            settings, "</section>",
        ].joined(separator: "\n")
    }

    private var counts: String {
        var lines = [
            ("made", "\(run.made) of \(run.samples)"), ("failed", "\(run.failed)"), ("left", "\(run.left)"),
            ("on shards", ByteText.short(Int64(run.bytes))), ("time of all ranks", TimeText.short(run.seconds)),
        ]
        if run.left > 0, let left = run.secondsLeft { lines.append(("what is left", "about \(TimeText.short(left))")) }
        if run.made > 0 { lines.append(("a sample", Self.seconds(run.seconds / Double(run.made + run.failed)))) }
        let tasks = run.tasks.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return "<p class=quiet><code>\(escaped(run.path))</code> · \(escaped(tasks))</p><dl class=counts>"
            + lines.map { "<div><dt>\($0.0)</dt><dd>\(escaped($0.1))</dd></div>" }.joined() + "</dl>"
    }

    private var failures: String {
        guard !run.failures.isEmpty else { return "" }
        return "<h3>What failed</h3>"
            + table(
                ["kind", "samples", "for instance", "tried again by"],
                run.failures.map { failure in
                    [
                        "<code>\(escaped(failure.kind))</code>", "\(failure.count)",
                        "<b>\(escaped(failure.key))</b>: \(escaped(failure.message))",
                        "<code>\(escaped("seehear retry \(run.path) --kind \(failure.kind)"))</code>",
                    ]
                }, numbers: [1])
    }

    private var ranks: String {
        guard !run.ranks.isEmpty else { return "" }
        return "<h3>By rank</h3>"
            + table(
                ["rank", "host", "samples", "batches", "busy", "samples an hour"],
                run.ranks.map { rank in
                    [
                        "\(rank.rank)", escaped(rank.host), "\(rank.samples)", "\(rank.batches)",
                        TimeText.short(rank.seconds),
                        rank.seconds > 0 ? "\(Int((3600 * Double(rank.samples) / rank.seconds).rounded()))" : "–",
                    ]
                }, numbers: [0, 2, 3, 4, 5])
    }

    private var stages: String {
        let whole = run.stages.reduce(0) { $0 + $1.seconds }
        guard whole > 0 else { return "" }
        return "<h3>By stage</h3>"
            + table(
                ["stage", "seconds", "share", ""],
                run.stages.map { stage in
                    let share = 100 * stage.seconds / whole
                    return [
                        "<code>\(escaped(stage.name))</code>", Self.seconds(stage.seconds), "\(Int(share.rounded())) %",
                        "<span class=share style=\"width:\(Self.tenths(share))%\"></span>",
                    ]
                }, numbers: [1, 2])
    }

    private var slowest: String {
        guard run.slowest.count > 1 else { return "" }
        return "<details><summary>The slowest batches</summary>"
            + table(
                ["batch", "first sample", "task", "samples", "seconds", "rank"],
                run.slowest.map { batch in
                    [
                        "\(batch.number)", escaped(batch.key), batch.task, "\(batch.samples)",
                        Self.seconds(batch.seconds), "\(batch.rank)",
                    ]
                }, numbers: [0, 3, 4, 5]) + "</details>"
    }

    private var models: String {
        guard !run.models.isEmpty else { return "" }
        return "<h3>Models</h3>"
            + table(
                ["for", "which", "size", "licence"],
                run.models.map { model in
                    let license = model.license.map(escaped) ?? "not told by its folder"
                    return [
                        escaped(model.role), "<code>\(escaped(model.path))</code>", ByteText.short(model.bytes),
                        model.isNonCommercial ? "<b class=bad>\(license): not for commercial use</b>" : license,
                    ]
                }, numbers: [2])
    }

    private var shards: String {
        guard !run.shards.isEmpty else { return "" }
        return "<details><summary>\(run.shards.count) shard\(run.shards.count == 1 ? "" : "s"), with SHA-256</summary>"
            + table(
                ["shard", "samples", "size", "SHA-256"],
                run.shards.map {
                    [
                        "<code>\(escaped($0.name))</code>", "\($0.samples)", ByteText.short(Int64($0.bytes)),
                        "<code>\($0.sha256)</code>",
                    ]
                },
                numbers: [1, 2]) + "</details>"
    }

    private var settings: String {
        let versions = run.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return
            "<details><summary>All settings, \(escaped(versions))</summary><p class=quiet>identity <code>\(run.identity)</code></p>"
            + table(
                ["setting", "value"],
                run.settings.sorted { $0.key < $1.key }.map { ["<code>\(escaped($0.key))</code>", escaped($0.value)] })
            + "</details>"
    }

    // MARK: Numbers

    static func seconds(_ value: Double) -> String { value < 100 ? "\(tenths(value)) s" : TimeText.short(value) }

    static func tenths(_ value: Double) -> String {
        let whole = Int((value * 10).rounded())
        return "\(whole / 10).\(whole % 10)"
    }
}
