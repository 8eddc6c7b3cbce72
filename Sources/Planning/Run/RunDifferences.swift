internal import Files

/// What differs between the plan that a directory has and the one that was to be put there.
struct RunDifferences {
    /// One line for each difference, `key: old → new`, at most 20 of each kind.
    let lines: [String]

    private static let most = 20

    init(old run: Run, new: RunDescription, rows: PlanRows) {
        let old = run.description
        var lines = Self.settings(old, new)
        for (role, files) in Dictionary(grouping: old.models + new.models, by: \.role).sorted(by: { $0.key < $1.key })
        where files.count == 2 && files[0].files != files[1].files {
            let names = Set(files[0].files.map { ExactText($0.name) })
                .symmetricDifference(files[1].files.map { ExactText($0.name) }).map(\.text)
            let changed = files[0].files.filter { file in
                files[1].files.contains { ExactText($0.name) == ExactText(file.name) && $0 != file }
            }
            let all = (names + changed.map(\.name)).sorted().prefix(Self.most).joined(separator: ", ")
            lines.append("model \(role): other content in \(all)")
        }
        if old.plan.sha256 != new.plan.sha256 {
            if old.counts.samples != new.counts.samples {
                lines.append("samples: \(old.counts.samples) → \(new.counts.samples)")
            }
            lines += (try? Self.rows(run.rows, rows)) ?? []
        }
        self.lines = lines.isEmpty ? ["config_sha256: \(old.configSHA256) → \(new.configSHA256)"] : lines
    }

    /// What differs between two descriptions of one run, which must give the same bytes: mostly places.
    static func places(_ old: RunDescription, _ new: RunDescription) -> [String] {
        let paths = zip(old.models, new.models).filter { ExactText($0.path) != ExactText($1.path) }
        return settings(old, new) + paths.map { "model \($0.role): \($0.path) → \($1.path)" }
    }

    private static func rows(_ old: PlanRows, _ new: PlanRows) throws(RunError) -> [String] {
        var lines: [String] = []
        // Frames that are the same need no look, which is most of them where one file was changed.
        for (frame, frames) in zip(old.record.frames, new.record.frames).enumerated() where frames.0 != frames.1 {
            let first = old.record.rows(in: frame).lowerBound
            for (number, texts) in zip(try old.text(of: frame), try new.text(of: frame)).enumerated()
            where texts.0 != texts.1 {
                if lines.count == most { return lines + ["more samples differ"] }
                let index = first + number
                let (before, after) = (try old.samples(index..<index + 1)[0], try new.samples(index..<index + 1)[0])
                let names = after.fields(otherThanIn: before).joined(separator: ", ")
                lines.append("sample \(index) (\(before.key)): other \(names)")
            }
        }
        return lines
    }

    private static func settings(_ old: RunDescription, _ new: RunDescription) -> [String] {
        let (old, new) = (old.recipe.settings, new.recipe.settings)
        let keys = Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }
        return keys.prefix(most).map { "job \($0): \(old[$0] ?? "not set") → \(new[$0] ?? "not set")" }
    }
}
