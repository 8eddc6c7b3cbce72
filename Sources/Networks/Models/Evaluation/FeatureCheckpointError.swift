package import Method

/// Why a checkpoint is not the network of a metric.
package enum FeatureCheckpointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It is another network's.
    case otherNetwork(path: String, needed: FeatureNetworkName, found: PublishedNetwork)
    /// It is nobody's whom this program knows.
    case unknownNetwork(path: String, needed: FeatureNetworkName, missing: String, keys: [String])
    /// The sizes of a tensor are not those of any such network.
    case size(path: String, network: FeatureNetworkName, key: String, found: [Int], needed: String)

    package var description: String {
        switch self {
        case .otherNetwork(let path, let needed, let found):
            "\(path): these are the weights of \(found.rawValue), and those of \(needed.title) are needed (\(needed.usualFile))."
        case .unknownNetwork(let path, let needed, let missing, let keys):
            "\(path): these are not the weights of \(needed.title) (\(needed.usualFile)): there is no \"\(missing)\"; the first keys are "
                + keys.map { "\"\($0)\"" }.joined(separator: ", ") + "."
        case .size(let path, let network, let key, let found, let needed):
            "\(path): \"\(key)\" has shape \(found), and \(network.title) needs \(needed)."
        }
    }
}
