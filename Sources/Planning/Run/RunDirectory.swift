package import Foundation
package import Shard

/// The paths of everything in a run directory.
package struct RunDirectory: Sendable, Equatable {
    /// The directory.
    package let url: URL

    package init(_ url: URL) { self.url = url }

    /// Shards, segments and their index.
    package var layout: RunLayout { RunLayout(run: url.path) }
    /// What the run is: written last by `plan`, never changed afterwards.
    package var description: URL { url.appending(path: "run.json") }
    /// One row for each sample.
    package var plan: URL { url.appending(path: PlanFile.fileName) }
    /// `complete` or `stopped` and the exit code, written by the coordinator when it ends; a launcher reads it.
    package var status: URL { url.appending(path: "STATUS") }
    /// Host, process, start and a count, rewritten by the living coordinator every 5 seconds.
    package var beat: URL { url.appending(path: "BEAT") }
    /// How often the run was started.
    package var epoch: URL { url.appending(path: "EPOCH") }
    /// Held by the living coordinator.
    package var lock: URL { url.appending(path: "LOCK") }
    /// The folder of the ranks' logs.
    package var logs: URL { url.appending(path: "logs") }

    /// The log of a rank: `logs/rank-0003.log`.
    package func log(rank: Int) -> URL {
        let digits = String(rank)
        return logs.appending(path: "rank-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).log")
    }
}
