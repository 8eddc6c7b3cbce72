/// A number that says how good a set of samples is.
package enum Metric: Sendable, Hashable {
    /// Of a network's features.
    case statistic(Statistic, FeatureNetworkName)
    /// How well what is heard begins when what is seen moves.
    case avAlign(AVAlignVariant)
    /// The cosine of two of a sample's embeddings by ImageBind: in the objective of the method, and no proof that it works.
    case bind(BindPair, BindVariant)

    /// Whether it is the mean of values of samples, so that it has an interval and each sample its value.
    package var isMean: Bool {
        switch self {
        case .statistic(let statistic, _): statistic.isPaired
        case .avAlign, .bind: true
        }
    }

    /// Whether there has to be a reference.
    package var needsReference: Bool {
        if case .statistic(let statistic, _) = self { statistic.needsReference } else { false }
    }

    /// Whether the method optimises what it measures.
    package var isInObjective: Bool {
        if case .bind = self { true } else { false }
    }

    /// Names under which papers have what is named otherwise here.
    private static let titles: [(name: String, metric: Metric)] = [
        ("fad", .statistic(.frechet, .vggish)), ("fd", .statistic(.frechet, .cnn14)),
        ("fd-passt", .statistic(.frechet, .passt)), ("fvd", .statistic(.frechet, .i3d)),
        ("kvd", .statistic(.kernel, .i3d)), ("kl", .statistic(.kl, .cnn14)), ("kl-passt", .statistic(.kl, .passt)),
        ("isc", .statistic(.inception, .cnn14)), ("is-passt", .statistic(.inception, .passt)),
        ("kad", .statistic(.kad, .cnn14)), ("ib", .bind(.audioVideo, .avBenchmark)),
    ]
}

extension Metric: CustomStringConvertible, LosslessStringConvertible {
    package var description: String {
        if let title = Self.titles.first(where: { $0.metric == self }) { return title.name }
        return switch self {
        case .statistic(let statistic, let network): "\(statistic.rawValue):\(network.rawValue)"
        case .avAlign(let variant): "av-align:\(variant.rawValue)"
        case .bind(let pair, let variant): "\(Self.bindPrefix)\(pair.rawValue):\(variant.rawValue)"
        }
    }

    private static let bindPrefix = "bind-"

    /// Reads ``description``, `av-align` for the paper's, and `bind-av` and its like for ImageBind's own loaders; nil for anything else.
    package init?(_ text: String) {
        if let title = Self.titles.first(where: { $0.name == text }) {
            self = title.metric
            return
        }
        let words = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch (words[0], words.count) {
        case ("av-align", 1): self = .avAlign(.paper)
        case ("av-align", 2):
            guard let variant = AVAlignVariant(rawValue: words[1]) else { return nil }
            self = .avAlign(variant)
        case (let name, 1...2) where name.hasPrefix(Self.bindPrefix):
            guard let pair = BindPair(rawValue: String(name.dropFirst(Self.bindPrefix.count))),
                let variant = words.count == 1 ? .imagebind : BindVariant(rawValue: words[1])
            else { return nil }
            self = .bind(pair, variant)
        case (_, 2):
            guard let statistic = Statistic(rawValue: words[0]), let network = FeatureNetworkName(rawValue: words[1]),
                !statistic.usesLogits || network.hasLogits
            else { return nil }
            self = .statistic(statistic, network)
        default: return nil
        }
    }
}
