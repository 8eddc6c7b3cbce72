package import Files
internal import Foundation
internal import Method
internal import Shard

/// What became of each sample of a run.
package struct RunListing: Sendable {
    /// One sample of a run, published or not.
    package struct Entry: Sendable, Equatable, Codable {
        /// What became of a sample.
        package enum State: String, Sendable, Codable {
            /// It stands in a shard, or in a segment that will be part of one.
            case ok
            /// It stands in no shard; the error says why.
            case failed
            /// It is not published yet.
            case pending
        }

        package var index: Int
        package var key: String
        package var task: String
        package var state: State
        /// The file name of its shard, once there is one.
        package var shard: String?
        package var seed: UInt64
        package var prompt: String?
        /// The kind and the sentence of a failed sample's error.
        package var kind: String?
        package var message: String?
        /// The binder's score of what was made; nil where it had nothing to compare with, and in rows of earlier versions.
        package var score: Double?
        /// Whether the score is one that guides worked on or chose by, so that it flatters; nil where there is none.
        package var inObjective: Bool?
        /// At the last guided step; nil where no step was, or where it was not finite.
        package var loss: Double?
        /// By metric, what an evaluation gave the sample; nil where it gave nothing, or none is at hand.
        package var values: [String: Double]?

        private enum CodingKeys: String, CodingKey {
            case index, key, task, state, shard, seed, prompt, kind, message, score, loss, values
            case inObjective = "in_objective"
        }
    }

    /// What samples are listed by.
    package enum Order: Sendable, Equatable {
        /// The plan's order.
        case index
        case key
        /// The highest first; samples without one last.
        case score
        /// The lowest first; samples without one last.
        case loss
        /// By an evaluation's values, the highest first; samples without one last.
        case metric(String)

        /// The orders that every run has, by the words for them.
        package static let named: [(word: String, order: Order)] = [
            ("index", .index), ("key", .key), ("score", .score), ("loss", .loss),
        ]
    }

    private let run: Run
    private let values: [ExactText: [String: Double]]

    /// - Parameter values: what an evaluation gave samples, by key and metric.
    /// - Throws: ``RunError`` where the folder is no run.
    package init(_ directory: RunDirectory, values: [ExactText: [String: Double]] = [:]) throws(RunError) {
        run = try Run.open(directory)
        self.values = values
    }

    /// Gives every sample in plan order. One shard of them is in memory at a time.
    /// - Throws: ``RunError`` that names the file, or what `body` throws.
    package func forEach(_ body: (Entry) throws -> Void) throws {
        try run.forEachSample { try body(entry($0, $1)) }
    }

    /// Gives the samples in another order; all that are wanted are in memory at a time.
    /// - Parameters:
    ///   - reversed: the other way round; samples without what they are listed by stay last.
    ///   - isWanted: which of them are given.
    /// - Throws: as ``forEach(_:)``.
    package func forEach(
        by order: Order, reversed: Bool = false, where isWanted: (Entry) -> Bool = { _ in true },
        _ body: (Entry) throws -> Void
    ) throws {
        if order == .index, !reversed {
            return try forEach { if isWanted($0) { try body($0) } }
        }
        var entries: [Entry] = []
        try forEach { if isWanted($0) { entries.append($0) } }
        entries.sort { order.precedes($0, $1, reversed: reversed) }
        try entries.forEach(body)
    }

    /// Whether any sample has a score.
    /// - Throws: as ``forEach(_:)``.
    package func hasScores() throws -> Bool {
        struct Found: Error {}
        do {
            try forEach { if $0.score != nil { throw Found() } }
            return false
        } catch is Found {
            return true
        }
    }

    private func entry(_ sample: any PlanRow, _ row: SampleRow?) -> Entry {
        let listed = sample.listed
        var entry = Entry(
            index: sample.index, key: sample.key, task: listed.task, state: .pending, seed: listed.seed,
            prompt: listed.prompt)
        entry.values = values[ExactText(sample.key)]
        if let row {
            entry.state = row.status == .ok ? .ok : .failed
            entry.shard = row.shard
            entry.kind = row.error?.kind
            entry.message = row.error?.message
            entry.score = row.findings.choice.score
            if entry.score != nil, let job = run.description.recipe.job,
                let sample = sample as? PlannedSample
            {
                entry.inObjective = job.settings(for: sample.task).guidance.followsBinder
            }
            entry.loss = row.losses.last.flatMap { $0.isFinite ? $0 : nil }
        }
        return entry
    }
}

extension RunListing.Order {
    fileprivate func precedes(_ a: RunListing.Entry, _ b: RunListing.Entry, reversed: Bool) -> Bool {
        func compare<Value: Comparable>(_ a: Value, _ b: Value, _ index: (Int, Int)) -> Bool {
            a == b ? index.0 < index.1 : reversed ? a > b : a < b
        }
        func compare(_ first: Double?, _ second: Double?) -> Bool {
            switch (first, second) {
            case (let first?, let second?): compare(first, second, (a.index, b.index))
            case (nil, nil): a.index < b.index
            case (let first, _): first != nil
            }
        }
        switch self {
        case .index: return compare(a.index, b.index, (a.index, b.index))
        case .key: return compare(ExactText(a.key), ExactText(b.key), (a.index, b.index))
        case .score: return compare(a.score.map { -$0 }, b.score.map { -$0 })
        case .loss: return compare(a.loss, b.loss)
        case .metric(let name): return compare(a.values?[name].map { -$0 }, b.values?[name].map { -$0 })
        }
    }
}
