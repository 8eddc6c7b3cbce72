package import Method
package import Torch

/// A network that a metric looks through, with what prepares its input.
///
/// A further network is a case in ``FeatureNetworkName`` and a type like these. One that hears and sees, such as Synchformer, takes both
/// of a sample.
package protocol FeatureNetwork: Sendable {
    /// Numbers in a row of features.
    var width: Int { get }
    /// Logits of a sample; nil where the network has none that metrics use.
    var classes: Int? { get }

    /// Features of several samples, those of equal shape together. The neighbours of a sample change its numbers by rounding at most.
    ///
    /// - Returns: for each sample its rows, or why it has none.
    /// - Throws: `TorchError` where no memory is left.
    func features(of samples: [FeatureSample]) throws(TorchError) -> [Result<FeatureRows, FeatureInputError>]
}

/// Which front end a network is to have, as the user names it.
package struct FeatureVariant: Sendable, Hashable {
    package var style: WaveStyle
    package var framing: I3DFraming

    package init(style: WaveStyle, framing: I3DFraming) {
        self.style = style
        self.framing = framing
    }
}

extension FeatureNetworkName {
    /// Loads the network from its published file.
    ///
    /// - Parameters:
    ///   - variant: of its front end; a network takes what concerns it.
    ///   - dtype: what it computes in.
    /// - Throws: ``FeatureCheckpointError``, `WeightFileError`, `TorchError`.
    package func load(
        _ path: String, variant: FeatureVariant, dtype: DType = .float32, device: Device = .cpu
    ) throws -> any FeatureNetwork {
        switch self {
        case .vggish:
            try VGGishFeatures(VGGish(path: path, dtype: dtype, device: device), variant.style, dtype, device)
        case .cnn14: try CNN14Features(CNN14(path: path, dtype: dtype, device: device), variant.style, dtype, device)
        case .passt: try PaSSTFeatures(PaSST(path: path, dtype: dtype, device: device), variant.style, dtype, device)
        case .i3d: try I3DFeatures(I3D(path: path, dtype: dtype, device: device), variant.framing, dtype, device)
        }
    }

    /// Holds every key and shape of the published file against the network. No weight is read.
    ///
    /// - Throws: ``FeatureCheckpointError``, `WeightFileError`.
    package func check(_ path: String) throws {
        switch self {
        case .vggish: try VGGish.checked(path)
        case .cnn14: try CNN14.checked(path)
        case .passt: try PaSST.checked(path)
        case .i3d: try I3D.checked(path)
        }
    }
}
