internal import Torch

/// Transformer blocks over the positions of a feature map, with a residual around all of them.
///
/// Source: diffusers `models/transformers/transformer_2d.py` (continuous inputs).
struct Transformer2DModel: Sendable {
    private enum Projection: Sendable {
        case convolution(Conv2d)
        case linear(Linear)
    }

    private let norm: GroupNorm
    private let projectIn: Projection
    private let blocks: [BasicTransformerBlock]
    private let projectOut: Projection

    init(
        _ w: WeightScope, channels: Int, heads: Int, layers: Int, contextWidth: Int, groups: Int, linearProjection: Bool
    ) throws {
        norm = try GroupNorm(w("norm"), channels, groups: groups, eps: 1e-6)
        if linearProjection {
            projectIn = .linear(try Linear(w("proj_in"), channels, channels))
            projectOut = .linear(try Linear(w("proj_out"), channels, channels))
        } else {
            projectIn = .convolution(try Conv2d(w("proj_in"), channels, channels, kernel: 1))
            projectOut = .convolution(try Conv2d(w("proj_out"), channels, channels, kernel: 1))
        }
        blocks = try (0..<layers).map { layer in
            try BasicTransformerBlock(
                w("transformer_blocks")(layer), width: channels, contextWidth: contextWidth, heads: heads)
        }
    }

    /// - Parameters:
    ///   - x: `[B·F, C, H, W]`.
    ///   - context: `[B, S, contextWidth]`, one row for the F frames of a sample; without one the second attention looks at the positions themselves.
    func callAsFunction(_ x: Tensor, context: Tensor?) throws(TorchError) -> Tensor {
        let (height, width) = (x.size(2), x.size(3))
        var h = try norm(x)
        switch projectIn {
        case .convolution(let projection): h = try tokens(projection(h))
        case .linear(let projection): h = try projection(tokens(h))
        }
        for block in blocks { h = try block(h, context: context) }  // (B, H·W, C)
        switch projectOut {
        case .convolution(let projection): h = try projection(map(h, height, width))
        case .linear(let projection): h = try map(projection(h), height, width)
        }
        return try h + x
    }

    private func tokens(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.permute([0, 2, 3, 1]).reshape([x.size(0), x.size(2) * x.size(3), x.size(1)])
    }

    private func map(_ x: Tensor, _ height: Int, _ width: Int) throws(TorchError) -> Tensor {
        try x.reshape([x.size(0), height, width, x.size(2)]).permute([0, 3, 1, 2]).arrangedAsMap()
    }
}

/// Self-attention, attention to the context, feed-forward; each normalised first and added to its input. Motion modules
/// are made of the same block: both attentions look at the sequence itself then, and positions are added for each.
///
/// Source: diffusers `models/attention.py`, `BasicTransformerBlock` with a GEGLU feed-forward.
struct BasicTransformerBlock: Sendable {
    private let norm1: LayerNorm
    private let attention1: Attention
    private let norm2: LayerNorm
    private let attention2: Attention
    private let norm3: LayerNorm
    private let expand: Linear
    private let contract: Linear

    init(_ w: WeightScope, width: Int, contextWidth: Int, heads: Int) throws {
        norm1 = try LayerNorm(w("norm1"), width)
        attention1 = try Attention(w("attn1"), width: width, contextWidth: width, heads: heads)
        norm2 = try LayerNorm(w("norm2"), width)
        attention2 = try Attention(w("attn2"), width: width, contextWidth: contextWidth, heads: heads)
        norm3 = try LayerNorm(w("norm3"), width)
        expand = try Linear(w("ff.net.0.proj"), width, 8 * width)
        contract = try Linear(w("ff.net.2"), 4 * width, width)
    }

    /// - Parameters:
    ///   - x: `[B·F, T, width]`.
    ///   - context: `[B, S, contextWidth]`; nil for a second self-attention.
    ///   - positions: `[1, T, width]`, added after the norms of both attentions.
    func callAsFunction(_ x: Tensor, context: Tensor?, positions: Tensor? = nil) throws(TorchError) -> Tensor {
        func placed(_ h: Tensor) throws(TorchError) -> Tensor {
            try positions.map { p throws(TorchError) in try h + p } ?? h
        }
        var x = try attention1(placed(norm1(x))) + x
        x = try attention2(placed(norm2(x)), context: context) + x
        let halves = try expand(norm3(x)).chunks(2, -1)  // value and gate, (B, T, 4·width) each
        return try contract(halves[0] * halves[1].gelu()) + x
    }
}
