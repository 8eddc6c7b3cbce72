package import Networks
package import Torch

/// Captions for what has none: of a list of labels the one whose text lies nearest in ImageBind's space. The space is
/// shared, so images, key frames and audio are captioned alike.
///
/// A label is embedded as it stands, without a template around it ("a photo of …"): it has to be a caption already. The
/// scales that the text and audio towers put on their unit vectors cancel in the cosine.
package struct LabelCaptioner: Sendable {
    /// The nearest label of one embedding.
    package struct Match: Sendable, Equatable {
        /// The label, as given.
        package let label: String
        /// Its place in the list, from 0.
        package let index: Int
        /// −1…1.
        package let cosine: Double
    }

    /// Labels that are embedded at once.
    private static let batch = 64

    /// The labels, as given.
    package let labels: [String]
    /// Elements of an embedding.
    package let width: Int
    /// Unit vectors, label after label. Compared on the CPU in double precision, one embedding at a time, so that a match
    /// depends neither on the device nor on what else is in the batch.
    private let directions: [Double]

    /// Embeds the labels, once.
    ///
    /// - Parameters:
    ///   - labels: captions; of more than 75 tokens the text tower reads the first.
    /// - Throws: ``CaptionError`` for a list without labels or with an empty one, errors of the device.
    package init(labels: [String], binder: BinderModel) throws {
        guard !labels.isEmpty else { throw CaptionError.noLabels }
        if let empty = labels.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
            throw CaptionError.emptyLabel(empty)
        }
        width = binder.network.configuration.outEmbedDim
        var directions: [Double] = []
        directions.reserveCapacity(labels.count * width)
        for start in stride(from: 0, to: labels.count, by: Self.batch) {
            let part = Array(labels[start..<min(start + Self.batch, labels.count)])
            let values = try binder.embed(part).doubles()
            for (row, label) in part.enumerated() {
                guard let unit = Self.unit(values[(row * width)..<((row + 1) * width)]) else {
                    throw CaptionError.unusableLabel(label)
                }
                directions += unit
            }
        }
        self.labels = labels
        self.directions = directions
    }

    /// The nearest label of each embedding; of equally near ones the first of the list.
    ///
    /// - Parameter embeddings: `[B, width]` of ``ImageBindModel/vision(_:)``, ``ImageBindModel/audio(_:)`` or
    ///   ``ImageBindModel/text(_:)``, of any length other than 0 (a zero vector has no direction: its cosine counts as 0).
    /// - Throws: ``CaptionError`` for another shape and for numbers that are not finite, errors of the device.
    package func nearest(to embeddings: Tensor) throws -> [Match] {
        guard embeddings.rank == 2, embeddings.size(1) == width else {
            throw CaptionError.shape(found: embeddings.shape, width: width)
        }
        let values = try embeddings.doubles()
        return try (0..<embeddings.size(0)).map { row throws(CaptionError) in
            guard let direction = Self.unit(values[(row * width)..<((row + 1) * width)]) else {
                throw CaptionError.unusableEmbedding(row: row)
            }
            return nearest(direction)
        }
    }

    /// The cosine of each label with an embedding, −1 … 1.
    ///
    /// - Parameter embedding: ``width`` numbers, of any length other than 0.
    /// - Throws: ``CaptionError`` for numbers that are not finite.
    package func cosines(with embedding: [Double]) throws(CaptionError) -> [Double] {
        guard let direction = Self.unit(embedding[...]) else { throw .unusableEmbedding(row: 0) }
        return cosines(direction)
    }

    private func cosines(_ direction: [Double]) -> [Double] {
        directions.withUnsafeBufferPointer { all in
            labels.indices.map { label in
                var cosine = 0.0
                for i in 0..<width { cosine += direction[i] * all[label * width + i] }
                return min(max(cosine, -1), 1)
            }
        }
    }

    private func nearest(_ direction: [Double]) -> Match {
        var best = (index: 0, cosine: -Double.infinity)
        for (index, cosine) in cosines(direction).enumerated() where cosine > best.cosine { best = (index, cosine) }
        return Match(label: labels[best.index], index: best.index, cosine: best.cosine)
    }

    /// The vector at length 1, a zero vector as it is; nil for numbers that are not finite.
    private static func unit(_ vector: ArraySlice<Double>) -> [Double]? {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length.isFinite else { return nil }
        return length > 0 ? vector.map { $0 / length } : Array(vector)
    }
}
