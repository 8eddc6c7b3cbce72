package import Files
internal import Foundation
internal import Method
package import Planning
internal import Shard

/// Reads what a report shows of runs; media come later, for the samples that are chosen.
package struct ReportReader {
    package let content: ReportContent
    /// The runs, and where each sample of ``content`` stands in its plan; nil where it has no such sample.
    let runs: [(run: Run, indices: [Int?])]

    /// A run, and what an evaluation gave its samples by key and metric.
    package struct Source {
        package let directory: RunDirectory
        package let values: [ExactText: [String: Double]]

        package init(_ directory: RunDirectory, values: [ExactText: [String: Double]] = [:]) {
            self.directory = directory
            self.values = values
        }
    }

    /// Runs that generate nothing have nothing to show.
    package struct NothingGenerated: Error, CustomStringConvertible {
        let path: String
        package var description: String {
            "\(path) generates nothing: give a run that does; `seehear compare` shows evaluations"
        }
    }

    /// Reads the runs' rows. Blocks.
    /// - Throws: `RunError`; ``NothingGenerated``; errors of the files.
    package init(_ sources: [Source]) throws {
        var samples: [ReportedSample] = []
        var places: [ExactText: Int] = [:]
        var reports: [ReportedRun] = []
        var opened: [(run: Run, indices: [Int?])] = []
        for (number, source) in sources.enumerated() {
            let run = try Run.open(source.directory)
            guard let job = run.description.recipe.job else {
                throw NothingGenerated(path: source.directory.url.path)
            }
            var survey = RunSurvey()
            var indices = [Int?](repeating: nil, count: samples.count)
            try run.forEachSample { planned, row in
                survey.add(planned, row)
                guard let planned = planned as? PlannedSample else { return }
                let key = ExactText(planned.key)
                let place = places[key] ?? samples.count
                if place == samples.count {
                    places[key] = place
                    samples.append(
                        ReportedSample(
                            key: planned.key, task: planned.task.rawValue, prompt: planned.prompt, seed: planned.seed,
                            duration: planned.duration, results: Array(repeating: nil, count: sources.count)))
                    indices.append(nil)
                }
                indices[place] = planned.index
                samples[place].results[number] = Self.result(planned, row, job, source.values[key])
            }
            var reported = ReportedRun(run, path: source.directory.url.path)
            survey.finish(into: &reported)
            reports.append(reported)
            opened.append((run, indices))
        }
        for (place, name) in Self.names(reports.map(\.path)).enumerated() { reports[place].name = name }
        content = ReportContent(runs: reports, samples: samples)
        runs = opened
    }

    private static func result(
        _ planned: PlannedSample, _ row: SampleRow?, _ job: Job, _ values: [String: Double]?
    ) -> ReportedSample.Result {
        guard let row else { return ReportedSample.Result(state: .pending) }
        var result = ReportedSample.Result(
            state: row.status == .ok ? .ok : .failed, losses: row.losses.filter(\.isFinite))
        result.kind = row.error?.kind
        result.message = row.error?.message
        result.score = row.findings.choice.score
        if result.score != nil { result.inObjective = job.settings(for: planned.task).guidance.followsBinder }
        result.seconds = row.seconds
        result.values = values
        // What a captioner or the list said in place of the manifest, or the words that made a caption definite.
        let caption = row.findings.definiteCaption ?? row.prompt
        result.caption = caption == planned.prompt ? nil : caption
        let words = row.findings.words.sorted { $0.weight > $1.weight }
        result.words = words.isEmpty ? nil : words.map { .init(text: $0.text, weight: $0.weight) }
        return result
    }

    /// The folders' own names, or as much of the paths as tells them apart.
    static func names(_ paths: [String]) -> [String] {
        let parts = paths.map { $0.split(separator: "/").map(String.init) }
        let longest = parts.map(\.count).max() ?? 0
        for depth in 1...max(1, longest) {
            let names = parts.map { $0.suffix(depth).joined(separator: "/") }
            if Set(names).count == names.count { return names }
        }
        return paths.enumerated().map { "\($0 + 1): \($1)" }
    }
}

extension ReportedRun {
    fileprivate init(_ run: Run, path: String) {
        let description = run.description
        self.init(
            name: path, path: path, samples: description.counts.samples, settings: description.recipe.settings,
            models: description.models.map { model in
                Model(
                    role: model.role, path: model.path, bytes: model.files.reduce(0) { $0 + $1.bytes },
                    license: model.license)
            },
            versions: description.versions, identity: description.configSHA256)
        let index = DatasetIndex(layout: run.directory.layout)
        for number in (try? index.shardNumbers()) ?? [] {
            guard let record = try? index.record(shard: number) else { continue }
            shards.append(
                Shard(name: record.shard, bytes: record.bytes, sha256: record.sha256, samples: record.nsamples))
            bytes += record.bytes
            if members.isEmpty { members = Set(record.frames.flatMap(\.members.keys)).sorted() }
        }
    }
}
