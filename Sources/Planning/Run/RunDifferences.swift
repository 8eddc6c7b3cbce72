internal import JSON

/// What differs between the plan that a directory has and the one that was to be put there.
struct RunDifferences {
    /// One line for each difference, `key: old → new`, at most 20 of each kind.
    let lines: [String]

    private static let most = 20

    init(old: RunDescription, new: RunDescription, plan: Plan, directory: RunDirectory) {
        var lines = Self.differences(in: "job", Self.leaves(old.recipe.job), Self.leaves(new.recipe.job))
        for (role, files) in Dictionary(grouping: old.models + new.models, by: \.role).sorted(by: { $0.key < $1.key })
        where files.count == 2 && files[0].files != files[1].files {
            let names = Set(files[0].files.map(\.name)).symmetricDifference(files[1].files.map(\.name))
            let changed = files[0].files.filter { file in
                files[1].files.contains { $0.name == file.name && $0 != file }
            }
            let all = (names + changed.map(\.name)).sorted().prefix(Self.most).joined(separator: ", ")
            lines.append("model \(role): other content in \(all)")
        }
        if old.plan.sha256 != new.plan.sha256 {
            if old.counts.samples != new.counts.samples {
                lines.append("samples: \(old.counts.samples) → \(new.counts.samples)")
            }
            if let before = try? old.plan.read(in: directory.url) {
                lines += Self.rows(before, plan.samples)
            }
        }
        self.lines = lines.isEmpty ? ["config_sha256: \(old.configSHA256) → \(new.configSHA256)"] : lines
    }

    private static func rows(_ old: [PlannedSample], _ new: [PlannedSample]) -> [String] {
        var lines: [String] = []
        for (before, after) in zip(old, new) where before != after {
            if lines.count == most { return lines + ["more samples differ"] }
            let fields: [(String, Bool)] = [
                ("key", before.key != after.key), ("task", before.task != after.task),
                ("prompt", before.prompt != after.prompt),
                ("negative_prompt", before.negativePrompt != after.negativePrompt),
                ("input", before.input != after.input), ("seed", before.seed != after.seed),
                ("duration", before.duration != after.duration),
                ("frames", before.frames != after.frames), ("error", before.error != after.error),
                ("batch", before.batch != after.batch || before.shard != after.shard),
            ]
            let names = fields.filter(\.1).map(\.0).joined(separator: ", ")
            lines.append("sample \(before.index) (\(before.key)): other \(names)")
        }
        return lines
    }

    private static func differences(in name: String, _ old: [String: String], _ new: [String: String]) -> [String] {
        let keys = Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }
        return keys.prefix(most).map { "\(name) \($0): \(old[$0] ?? "not set") → \(new[$0] ?? "not set")" }
    }

    private static func leaves(_ job: Job) -> [String: String] {
        guard let bytes = try? JSONCoding.encode(job), let tree = try? JSONValue(parsing: bytes) else {
            return [:]
        }
        return tree.leaves()
    }
}
