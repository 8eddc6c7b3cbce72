internal import Method
internal import Checkpoint
package import Torch

/// PaSST-S with patches of 16 every 10: features of 10 s of sound at 32 kHz, and what AudioSet's classes make of them.
///
/// Source: passt_hear21 / hear21passt `models/passt.py`, `passt_s_swa_p16_128_ap476`; keys are those of
/// `passt-s-f128-p16-s10-ap.476-swa.pt`. The head of the distillation token is not read.
package struct PaSST: PublishedFeatureNetwork {
    /// Mel bins, and frames of 10 s.
    package static let input = (bins: 128, frames: 1000)
    private static let patch = (size: 16, stride: 10)
    /// Patches over frequency and over time.
    private static let grid = (
        (input.bins - patch.size) / patch.stride + 1, (input.frames - patch.size) / patch.stride + 1
    )

    let sizes: Sizes
    private let patches: Conv2d
    private let frequencies: Tensor
    private let times: Tensor
    private let tokens: Tensor
    private let tokenPlaces: Tensor
    private let blocks: [Block]
    private let norm: LayerNorm
    private let headNorm: LayerNorm
    private let head: Linear

    init(_ sizes: Sizes, _ w: WeightScope) throws {
        self.sizes = sizes
        let width = sizes.width
        patches = try Conv2d(w("patch_embed.proj"), 1, width, kernel: Self.patch.size, stride: Self.patch.stride)
        frequencies = try w.tensor("freq_new_pos_embed", [1, width, Self.grid.0, 1])
        times = try w.tensor("time_new_pos_embed", [1, width, 1, Self.grid.1])
        tokens = try Tensor.cat(
            [w.tensor("cls_token", [1, 1, width]), w.tensor("dist_token", [1, 1, width])], 1)
        tokenPlaces = try w.tensor("new_pos_embed", [1, 2, width])
        blocks = try (0..<sizes.depth).map { try Block(w("blocks")($0), width) }
        norm = try LayerNorm(w("norm"), width, eps: Block.eps)
        headNorm = try LayerNorm(w("head")(0), width)
        head = try Linear(w("head")(1), width, sizes.classes)
    }

    /// Numbers of one sound.
    package var width: Int { sizes.width }
    /// Logits of one sound.
    package var classes: Int { sizes.classes }

    /// - Parameters:
    ///   - mel: `[B, 1, 128, 1000]`.
    ///   - trace: hears of every layer.
    /// - Returns: features `[B, width]`, the mean of both tokens, and logits `[B, classes]`.
    package func callAsFunction(
        _ mel: Tensor, trace: NetworkTrace = { _, _ in }
    ) throws(TorchError) -> (features: Tensor, logits: Tensor) {
        let map = try patches(mel)
        trace("patch_embed.proj", map)
        let places = try (map + times + frequencies).reshape([map.size(0), sizes.width, -1]).transpose(1, 2)
        let first = try (tokens + tokenPlaces).expand([map.size(0), 2, sizes.width])
        var x = try Tensor.cat([first, places], 1)
        for (index, block) in blocks.enumerated() {
            x = try block(x)
            trace("blocks.\(index)", x)
        }
        x = try norm(x)
        trace("norm", x)
        let features = try x.narrow(1, from: 0, count: 2).mean([1])
        trace("features", features)
        let logits = try head(headNorm(features))
        trace("logits", logits)
        return (features, logits)
    }

    private struct Block: Sendable {
        static let eps = 1e-6
        let norm1: LayerNorm
        let projections: Linear
        let output: Linear
        let norm2: LayerNorm
        let expand: Linear
        let contract: Linear
        let heads: Int

        init(_ w: WeightScope, _ width: Int) throws {
            norm1 = try LayerNorm(w("norm1"), width, eps: Self.eps)
            projections = try Linear(w("attn.qkv"), width, 3 * width)
            output = try Linear(w("attn.proj"), width, width)
            norm2 = try LayerNorm(w("norm2"), width, eps: Self.eps)
            expand = try Linear(w("mlp.fc1"), width, 4 * width)
            contract = try Linear(w("mlp.fc2"), 4 * width, width)
            heads = width / Sizes.headWidth
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let parts = try projections(norm1(x)).chunks(3, -1)
            let h = try output(multiHeadAttention(parts[0], parts[1], parts[2], heads: heads)) + x
            return try contract(expand(norm2(h)).gelu()) + h
        }
    }

    struct Sizes: PublishedSizes {
        static let network = FeatureNetworkName.passt
        static let signature = "time_new_pos_embed"
        /// Of one head of attention, in every published size.
        static let headWidth = 64

        let width: Int
        let depth: Int
        let classes: Int

        init(_ shapes: CheckpointShapes) throws {
            let key = "patch_embed.proj.weight"
            width = try shapes.outputs(key, rank: 4)
            guard width.isMultiple(of: Self.headWidth) else {
                throw shapes.error(
                    key, shapes[key] ?? [], "a multiple of \(Self.headWidth), the width of a head, first")
            }
            let times = "time_new_pos_embed"
            if let shape = shapes[times], shape.last != PaSST.grid.1 {
                throw shapes.error(
                    times, shape,
                    "\(PaSST.grid.1) places: 10 s in patches of \(PaSST.patch.size) every \(PaSST.patch.stride)")
            }
            // One at least, so that a file without any is told which key it lacks.
            depth = max(1, shapes.count { "blocks.\($0).norm1.weight" })
            classes = try shapes.outputs("head.1.weight", rank: 2)
        }

        func unused(_ key: String) -> Bool { key == "head_dist.weight" || key == "head_dist.bias" }
    }
}
