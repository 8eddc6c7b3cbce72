/// A run as a whole.
package struct ReportedRun: Encodable, Sendable, Equatable {
    /// What the page calls it: the name of its folder, with more of its path where two have one name.
    package var name: String
    /// Where it lies, absolute.
    package let path: String
    package let samples: Int
    package var made = 0
    package var failed = 0
    /// Samples of which nothing is published yet.
    package var left = 0
    /// The tasks that occur, with their samples.
    package var tasks: [String: Int] = [:]
    /// By kind, the commonest first.
    package var failures: [Failures] = []
    package var ranks: [Rank] = []
    /// Seconds of all batches by stage, the longest first.
    package var stages: [Stage] = []
    /// The batches that took longest.
    package var slowest: [Batch] = []
    /// Seconds that ranks spent on batches.
    package var seconds = 0.0
    /// What is left will take so many, if it is like what was made; nil before there is anything.
    package var secondsLeft: Double?
    /// What its shards take.
    package var bytes = 0
    package var shards: [Shard] = []
    /// The ends of the names of what samples hold, such as `flac`, as far as the first shard has them.
    package var members: [String] = []
    /// Every setting of the job, by its full name.
    package let settings: [String: String]
    package let models: [Model]
    /// Programs by name.
    package let versions: [String: String]
    /// The run's identity: of settings, plan and models.
    package let identity: String

    package struct Failures: Encodable, Sendable, Equatable {
        package let kind: String
        package var count: Int
        /// The first of them, with what it says.
        package let key: String
        package let message: String
    }

    package struct Rank: Encodable, Sendable, Equatable {
        package let rank: Int
        package let host: String
        package var samples: Int
        package var batches: Int
        package var seconds: Double
    }

    package struct Stage: Encodable, Sendable, Equatable {
        package let name: String
        package let seconds: Double
    }

    package struct Batch: Encodable, Sendable, Equatable {
        package let number: Int
        /// The first of its samples.
        package let key: String
        package let task: String
        package let samples: Int
        package let seconds: Double
        package let rank: Int
    }

    package struct Shard: Encodable, Sendable, Equatable {
        package let name: String
        package let bytes: Int
        package let sha256: String
        package let samples: Int
    }

    package struct Model: Encodable, Sendable, Equatable {
        package let role: String
        package let path: String
        package let bytes: Int64
        /// As its card names it; nil where none is beside it.
        package let license: String?
        /// Whether that licence excludes commercial use.
        package let isNonCommercial: Bool

        package init(role: String, path: String, bytes: Int64, license: String?) {
            (self.role, self.path, self.bytes, self.license) = (role, path, bytes, license)
            let words = license?.lowercased() ?? ""
            isNonCommercial = ["-nc", "noncommercial", "non-commercial"].contains { words.contains($0) }
        }
    }

    package init(
        name: String, path: String, samples: Int, settings: [String: String], models: [Model],
        versions: [String: String], identity: String
    ) {
        self.name = name
        self.path = path
        self.samples = samples
        self.settings = settings
        self.models = models
        self.versions = versions
        self.identity = identity
    }
}
