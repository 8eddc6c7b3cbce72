/// A model whose weights an evaluation needs.
package enum EvaluationModel: Sendable, Hashable {
    case network(FeatureNetworkName)
    /// The binder, whose cosines are what the method optimises.
    case imageBind

    package static let all = FeatureNetworkName.allCases.map(EvaluationModel.network) + [.imageBind]

    /// As jobs and command lines name it.
    package var name: String {
        switch self {
        case .network(let network): network.rawValue
        case .imageBind: "imagebind"
        }
    }

    /// The names under which its weights are published, the usual first.
    package var usualFiles: [String] {
        switch self {
        case .network(let network): [network.usualFile]
        case .imageBind: ["imagebind_huge.pth", "imagebind_huge.safetensors"]
        }
    }

    /// Nil for a name that none has.
    package init?(_ name: String) {
        guard let model = Self.all.first(where: { $0.name == name }) else { return nil }
        self = model
    }
}
