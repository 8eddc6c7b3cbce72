package import Method
package import Shard

/// What a run takes features of, and which: the settings of ``Recipe/features(_:)``.
package struct FeatureJob: Codable, Sendable, Equatable {
    /// What is compared; the side comes first in the plan and in keys.
    package enum Side: String, Codable, Sendable, CaseIterable {
        case generated
        case reference

        /// What keys of its samples begin with.
        package var prefix: String {
            switch self {
            case .generated: "g-"
            case .reference: "r-"
            }
        }
    }

    /// One side's samples.
    package struct Source: Codable, Sendable, Equatable {
        package var side: Side
        /// The absolute path of a run directory or a folder of files.
        package var path: String
        /// What of its samples is taken, in the order of ``Feature/description``.
        package var features: [Feature]

        package init(side: Side, path: String, features: [Feature]) {
            self.side = side
            self.path = path
            self.features = features.sorted { $0.description < $1.description }
        }
    }

    /// ``Feature/version`` of the program that planned it.
    package var version = Feature.version
    /// At most one for each side.
    package var sources: [Source]
    /// The networks' files by name, absolute paths.
    package var networks: [String: String]
    /// Samples that are computed, retried and published together.
    package var batch = 16
    /// Samples in one shard.
    package var shard = 512
    package var compression = Compression.zstd
    package var gather = Job.Gather.shared
    package var device = Job.Device.auto
    /// Threads of the CPU kernels; nil: what the machine offers.
    package var threads: Int?

    package init(sources: [Source], networks: [String: String]) {
        self.sources = sources
        self.networks = networks
    }

    /// The features of a side.
    package func features(of side: Side) -> [Feature] { sources.first { $0.side == side }?.features ?? [] }
}
