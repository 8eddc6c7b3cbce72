/// How many beginnings a sample has, and how they are chosen from: successive halving by the binder's score of what is
/// predicted, `s(z̃0) = cos(E(D(z̃0)), c)`.
package struct BeginningSettings: Sendable, Equatable, Codable {
    /// At step `⌊at · T⌋`, after its ε̂, only the best `keep` go on.
    package struct Round: Sendable, Equatable, Codable {
        /// 0 … 1, below 1.
        package var at: Double
        /// At least 1.
        package var keep: Int

        package init(at: Double, keep: Int) {
            self.at = at
            self.keep = keep
        }

        /// After which step, from 0, of so many.
        package func step(of steps: Int) -> Int {
            // A fraction as it is written, 0.29 of 100, may be stored a little below.
            Int(at * Double(steps) + 1e-9)
        }
    }

    /// What is kept of several finished samples of a row.
    package enum Keep: String, Codable, Sendable, CaseIterable {
        /// The best that is fit.
        case best
        /// As many of the best as ``BeginningSettings/best`` says, those that are fit.
        case all
    }

    /// P: `video` counts for images too.
    package var particles: PerModality<Int>
    /// Sorted by ``Round/at``.
    package var rounds: [Round]
    /// So many are finished, whatever the rounds say; at least 1.
    package var best: Int
    package var keep: Keep
    /// Rows that the networks take at once where there are more than samples. A setting, because the last bits of a result may
    /// depend on it.
    package var rowsAtOnce: Int

    package init(
        particles: PerModality<Int>, rounds: [Round], best: Int, keep: Keep, rowsAtOnce: Int
    ) {
        self.particles = particles
        self.rounds = rounds
        self.best = best
        self.keep = keep
        self.rowsAtOnce = rowsAtOnce
    }

    private enum CodingKeys: String, CodingKey {
        case particles, rounds, best, keep
        case rowsAtOnce = "rows_at_once"
    }

    /// One beginning, and nothing to choose from.
    package static let one = BeginningSettings(
        particles: PerModality(audio: 1, video: 1), rounds: [], best: 1, keep: .best, rowsAtOnce: 16)

    /// The same for a video whose sound follows: whatever is finished several times, it is finished once.
    package var ofFirst: BeginningSettings {
        var settings = self
        (settings.best, settings.keep) = (1, .best)
        return settings
    }

    /// How many finished samples of a row are kept, at most.
    package var kept: Int { keep == .all ? best : 1 }

    /// How many beginnings a sample of a modality has: never fewer than are finished.
    package func count(of modality: Modality) -> Int { max(particles[modality] ?? 1, best, 1) }

    /// How many scores all rounds together take of a sample, at most.
    package func scores(of modality: Modality) -> Int {
        var (left, scores) = (count(of: modality), 0)
        for round in rounds where left > 1 {
            scores += left
            left = min(left, max(round.keep, best))
        }
        return scores
    }

    /// How many are left after a step, of those before it.
    package func left(_ count: Int, after step: Int, of steps: Int) -> Int {
        rounds(at: step, of: steps).reduce(count) { min($0, max($1.keep, best)) }
    }

    /// Whether the binder scores what a step predicts: to cut, or only to look, where a round keeps all that are there.
    package func scores(_ count: Int, at step: Int, of steps: Int) -> Bool {
        count > 1
            && (left(count, after: step, of: steps) < count
                || rounds(at: step, of: steps).contains { $0.keep >= count })
    }

    private func rounds(at step: Int, of steps: Int) -> [Round] {
        rounds.filter { $0.step(of: steps) == step }
    }
}
