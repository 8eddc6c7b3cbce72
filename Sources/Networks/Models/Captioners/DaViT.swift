internal import Torch

/// DaViT, the vision tower of Florence-2: at each of its levels attention within windows and attention between channels take
/// turns.
///
/// Source: transformers `models/florence2/modeling_florence2.py` (`Florence2VisionBackbone`).
struct DaViT: Sendable {
    private let levels: [Level]
    /// Channels of the last level.
    let width: Int

    init(_ w: WeightScope, _ c: Florence2Configuration.Vision) throws {
        var (levels, inputs): ([Level], Int) = ([], 3)
        for (index, sizes) in c.levels.enumerated() {
            let embedding = try PatchEmbedding(w("convs")(index), inputs, sizes)
            let blocks = try (0..<sizes.depth).map { try Block(w("blocks")(index)($0), sizes, c) }
            levels.append(Level(embedding: embedding, blocks: blocks))
            inputs = sizes.width
        }
        self.levels = levels
        width = inputs
    }

    /// - Parameter pixels: `[B, 3, side, side]`.
    /// - Returns: `[B, height, width, channels]`.
    func callAsFunction(_ pixels: Tensor) throws(TorchError) -> Tensor {
        var x = try pixels.permute([0, 2, 3, 1])
        for level in levels {
            x = try level.embedding(x)
            for block in level.blocks { x = try block(x) }
        }
        return x
    }

    private struct Level: Sendable {
        let embedding: PatchEmbedding
        let blocks: [Block]
    }

    /// A convolution that shrinks the map, and a norm before it or behind it. All maps here are `[B, H, W, C]`.
    private struct PatchEmbedding: Sendable {
        let conv: Conv2d
        let norm: LayerNorm
        let normalizesFirst: Bool

        init(_ w: WeightScope, _ inputs: Int, _ sizes: Florence2Configuration.Vision.Level) throws {
            conv = try Conv2d(
                w("conv"), inputs, sizes.width, kernel: sizes.patch, stride: sizes.stride, padding: sizes.padding)
            norm = try LayerNorm(w("norm"), sizes.normalizesFirst ? inputs : sizes.width)
            normalizesFirst = sizes.normalizesFirst
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let y = try DaViT.onMap(normalizesFirst ? norm(x) : x, conv)
            return normalizesFirst ? y : try norm(y)
        }
    }

    /// Attention within windows, then between channels.
    private struct Block: Sendable {
        let windows: Half
        let channels: Half
        let window: Int

        init(
            _ w: WeightScope, _ sizes: Florence2Configuration.Vision.Level, _ c: Florence2Configuration.Vision
        ) throws {
            windows = try Half(
                w("spatial_block"), "window_attn", sizes.width, parts: sizes.heads, ratio: c.feedForwardRatio)
            channels = try Half(
                w("channel_block"), "channel_attn", sizes.width, parts: sizes.groups, ratio: c.feedForwardRatio)
            window = c.window
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let x = try windows(x) { (y) throws(TorchError) in try windows.withinWindows(y, side: window) }
            return try channels(x) { (y) throws(TorchError) in try channels.betweenChannels(y) }
        }
    }

    /// What both halves of a block have.
    private struct Half: Sendable {
        let place1: Conv2d
        let norm1: LayerNorm
        let projections: Linear
        let output: Linear
        let place2: Conv2d
        let norm2: LayerNorm
        let expand: Linear
        let contract: Linear
        let parts: Int

        init(_ w: WeightScope, _ attention: String, _ width: Int, parts: Int, ratio: Double) throws {
            func depthwise(_ name: String) throws -> Conv2d {
                try Conv2d(w(name), width, width, kernel: 3, padding: 1, groups: width)
            }
            let inner = Int(Double(width) * ratio)
            place1 = try depthwise("conv1")
            norm1 = try LayerNorm(w("norm1"), width)
            projections = try Linear(w(attention)("qkv"), width, 3 * width)
            output = try Linear(w(attention)("proj"), width, width)
            place2 = try depthwise("conv2")
            norm2 = try LayerNorm(w("norm2"), width)
            expand = try Linear(w("ffn.fc1"), width, inner)
            contract = try Linear(w("ffn.fc2"), inner, width)
            self.parts = parts
        }

        func callAsFunction(
            _ x: Tensor, _ attention: (Tensor) throws(TorchError) -> Tensor
        ) throws(TorchError) -> Tensor {
            var x = try x + DaViT.onMap(x, place1)
            x = try x + attention(norm1(x))
            x = try x + DaViT.onMap(x, place2)
            return try x + contract(expand(norm2(x)).gelu())
        }

        /// Within squares of `side` × `side`. A margin of zeros fills the last ones up, and is attended to.
        func withinWindows(_ x: Tensor, side: Int) throws(TorchError) -> Tensor {
            let (batch, height, width, channels) = (x.size(0), x.size(1), x.size(2), x.size(3))
            let (below, right) = ((side - height % side) % side, (side - width % side) % side)
            var y = below + right == 0 ? x : try x.padded([(0, 0), (0, right), (0, below)])
            let (rows, columns) = ((height + below) / side, (width + right) / side)
            y = try y.reshape([batch, rows, side, columns, side, channels]).permute([0, 1, 3, 2, 4, 5])
                .reshape([-1, side * side, channels])
            let qkv = try projections(y).chunks(3, -1)
            y = try output(multiHeadAttention(qkv[0], qkv[1], qkv[2], heads: parts))
            y = try y.reshape([batch, rows, columns, side, side, channels]).permute([0, 1, 3, 2, 4, 5])
                .reshape([batch, rows * side, columns * side, channels])
            return try y.narrow(1, from: 0, count: height).narrow(2, from: 0, count: width)
        }

        /// Between the channels of a group, over all places, by whose number the scores are scaled.
        func betweenChannels(_ x: Tensor) throws(TorchError) -> Tensor {
            let (batch, places, channels) = (x.size(0), x.size(1) * x.size(2), x.size(3))
            // [B, places, 3, groups, C / groups] → [3, B, groups, C / groups, places]
            let qkv = try projections(x.reshape([batch, places, channels]))
                .reshape([batch, places, 3, parts, channels / parts]).permute([2, 0, 3, 4, 1]).chunks(3, 0)
            let mixed = try Tensor.attention(qkv[0].squeeze(0), qkv[1].squeeze(0), qkv[2].squeeze(0))
            return try output(mixed.permute([0, 3, 1, 2]).reshape(x.shape))
        }
    }

    /// A convolution of a map whose channels stand last, which is how they lie.
    fileprivate static func onMap(_ x: Tensor, _ conv: Conv2d) throws(TorchError) -> Tensor {
        try conv(x.permute([0, 3, 1, 2]).arrangedAsMap()).permute([0, 2, 3, 1])
    }
}
