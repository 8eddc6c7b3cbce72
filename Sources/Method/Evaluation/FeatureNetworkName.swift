/// The networks whose features metrics compare.
package enum FeatureNetworkName: String, Sendable, CaseIterable, Codable {
    case vggish
    case cnn14
    case passt
    case i3d

    /// The name under which its weights are published.
    package var usualFile: String {
        switch self {
        case .vggish: "vggish-10086976.pth"
        case .cnn14: "Cnn14_16k_mAP=0.438.pth"
        case .passt: "passt-s-f128-p16-s10-ap.476-swa.pt"
        case .i3d: "i3d_pretrained_400.pt"
        }
    }

    /// Whether it classifies, so that there are logits beside features.
    package var hasLogits: Bool { self == .cnn14 || self == .passt }

    /// Whether it needs the sound of a sample, and not its frames.
    package var hears: Bool { self != .i3d }
}
