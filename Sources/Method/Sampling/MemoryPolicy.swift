/// How much memory is traded for time: what is kept of a forward pass for the gradient, and how many frames are decoded at
/// once.
///
/// A fixed rule and never a look at the free memory: the same job computes the same bits on every node.
package enum MemoryPolicy: String, Codable, Sendable, CaseIterable {
    /// Every network is cut into pieces; only what goes into a piece is kept, and the piece runs once more when the
    /// gradient is taken. Frames are decoded one at a time.
    case low
    /// Only the pieces with the largest activations for their work run twice: the decoder's highest resolution, and the
    /// denoiser where a gradient runs through it. Frames are decoded together as far as they are small.
    case auto
    /// Everything is kept, nothing runs twice.
    case high
}
