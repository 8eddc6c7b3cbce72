package import Method

extension FeatureNetworkName {
    /// As it is called in papers.
    package var title: String { published.rawValue }

    var published: PublishedNetwork {
        switch self {
        case .vggish: .vggish
        case .cnn14: .cnn14
        case .passt: .passt
        case .i3d: .i3d
        }
    }
}
