import Foundation
import Goldens
import Method
import TestSupport
import Torch

@testable import Networks

extension EvaluationCase {
    /// Loads a network from its checkpoint, which goes away.
    func load<N: PublishedFeatureNetwork>(_ type: N.Type = N.self) throws -> N {
        let folder = try TemporaryFolder()
        return try N(path: Self.write(entries(), of: network, to: folder), dtype: .float32, device: .cpu)
    }

    /// The network with its front end.
    func features(_ style: WaveStyle = .audioldmEval, _ framing: I3DFraming = .lvdm) throws -> any FeatureNetwork {
        let folder = try TemporaryFolder()
        let path = try Self.write(entries(), of: network, to: folder)
        return try network.load(path, variant: FeatureVariant(style: style, framing: framing))
    }
}
