/// Why no caption can be chosen.
package enum CaptionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The list of labels has no entry.
    case noLabels
    /// A label of whitespace, by its place in the list, from 0.
    case emptyLabel(Int)
    /// The binder gave a number that is not finite for this label.
    case unusableLabel(String)
    /// Embeddings `[B, width]` were expected; this shape came.
    case shape(found: [Int], width: Int)
    /// The embedding in this row holds a number that is not finite.
    case unusableEmbedding(row: Int)

    package var description: String {
        switch self {
        case .noLabels: "the list of labels is empty; give it at least one line that is not a comment."
        case .emptyLabel(let place): "label number \(place + 1) is empty; leave the line out."
        case .unusableLabel(let label):
            "the binder's embedding of the label '\(label)' is not finite; check the ImageBind checkpoint."
        case .shape(let found, let width):
            "labels are compared with embeddings of the shape [B, \(width)], and \(found) was given; use the binder that embedded the labels."
        case .unusableEmbedding(let row):
            "the embedding in row \(row) is not finite, so that no label is the nearest; check the input and the ImageBind checkpoint."
        }
    }
}
