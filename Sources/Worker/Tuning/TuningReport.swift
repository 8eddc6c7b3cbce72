package import Method

/// What `tune` found.
package struct TuningReport: Codable, Sendable, Equatable {
    /// Of scores on the way with those of the finished samples.
    package struct Moment: Codable, Sendable, Equatable {
        /// The part of the steps that were done.
        package let at: Double
        /// Spearman's rank correlation over a sample's beginnings, the mean over samples; nil where no sample has one.
        package let correlation: Double?
        /// Of what the best beginning is better than the mean one, how much a cut to one at this moment keeps.
        package let gain: Double?
    }

    /// One setting of each of the three that matter.
    package struct Trial: Codable, Sendable, Equatable {
        /// Of the words; nil: the sample's own caption.
        package let temperature: Double?
        /// w of guidance in the noise; 0: none.
        package let strength: Double
        /// Cuts among eight beginnings; empty: one beginning.
        package let rounds: [BeginningSettings.Round]
        /// What is written under `guidance` in the job for this.
        package let settings: String
        /// The binder's score of the finished samples, the mean: in objective.
        package let score: Double
        /// Twice the standard error of ``score``.
        package let error: Double
        /// Evaluations of the denoiser for a sample, times those of a plain run.
        package let evaluations: Double
        /// For a sample.
        package let seconds: Double
    }

    package let task: GenerationTask
    package let samples: Int
    /// Samples that could not be read, with the reason.
    package internal(set) var unread: [String: String]
    package internal(set) var moments: [Moment]
    /// The best score first.
    package internal(set) var trials: [Trial]

    /// As a person reads it.
    package var table: String {
        var lines = ["\(task.rawValue), \(samples) samples, 8 beginnings each", ""]
        for (key, reason) in unread.sorted(by: { $0.key < $1.key }) { lines.append("left out: \(key): \(reason)") }
        lines.append("scores on the way against those of the finished samples")
        lines.append(row("after", "rank correlation", "kept by a cut to one"))
        for moment in moments {
            lines.append(
                row("\(percent(moment.at))", moment.correlation.map(short) ?? "–", moment.gain.map(percent) ?? "–"))
        }
        guard !trials.isEmpty else { return lines.joined(separator: "\n") }
        lines += ["", "the binder's score of what is made (in objective: a guide is tuned to it, so listen as well)"]
        lines.append(row("score", "± ", "evaluations", "seconds", "settings"))
        for trial in trials {
            lines.append(
                row(
                    short(trial.score), short(trial.error), "\(short(trial.evaluations)) ×", short(trial.seconds),
                    trial.settings))
        }
        return lines.joined(separator: "\n")
    }

    private func row(_ cells: String...) -> String {
        cells.enumerated().map { place, cell in
            place == 4 ? cell : cell + String(repeating: " ", count: max(0, 22 - cell.count))
        }.joined()
    }

    private func short(_ number: Double) -> String { "\((number * 1000).rounded() / 1000)" }
    private func percent(_ part: Double) -> String { "\(Int((part * 100).rounded())) %" }
}
