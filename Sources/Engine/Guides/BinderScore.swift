internal import Foundation
package import Method
package import Torch

/// How well the binder finds that something agrees with what steers it: `s = cos(E(·), c)`, −1 … 1; of a video and its sound
/// that are made together, with each other.
package struct BinderScore {
    /// What each sample is compared with; nil for one that nothing steers.
    private let targets: [[Double]?]

    /// - Parameter targets: `[1, width]` each, of any length; none for samples that are compared with themselves alone.
    package init(targets: [Tensor?]) throws(TorchError) {
        self.targets = try targets.map { target throws(TorchError) in try target?.doubles() }
    }

    /// The score of each row; nil where there is nothing to compare with. On the host in double precision, so that the order
    /// of scores does not depend on the device's arithmetic beyond that of the embeddings.
    /// - Parameter embeddings: `[rows, width]` of each modality that is made.
    package func callAsFunction(_ embeddings: [Modality: Tensor], rows: [Beginning]) throws -> [Double?] {
        let made = try embeddings.mapValues { try Self.rows(of: $0) }
        if let audio = made[.audio], let video = made[.video] {
            return zip(audio, video).map { Self.cosine($0, $1) }
        }
        guard let made = made.values.first else { return rows.map { _ in nil } }
        return zip(rows, made).map { row, own in
            targets.indices.contains(row.sample) ? targets[row.sample].map { Self.cosine(own, $0) } : nil
        }
    }

    private static func rows(of tensor: Tensor) throws(TorchError) -> [ArraySlice<Double>] {
        let (values, width) = (try tensor.doubles(), tensor.size(1))
        return (0..<tensor.size(0)).map { values[($0 * width)..<(($0 + 1) * width)] }
    }

    /// −1 … 1; 0 where one of them has no length.
    package static func cosine(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Double {
        var (product, first, second) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            product += x * y
            first += x * x
            second += y * y
        }
        let length = (first * second).squareRoot()
        return length > 0 ? min(max(product / length, -1), 1) : 0
    }
}
