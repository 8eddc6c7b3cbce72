internal import Method
internal import Torch

/// The loss of what clean latents decode to, for gradients: of the sum over the rows, never their mean, so that the gradient
/// of a row does not depend on its neighbours.
struct AlignmentObjective {
    private(set) var loss: AlignmentLoss
    /// Where loss and gradient are recorded; nil computes them call by call.
    let recording: WorkRecorder.Scope?

    /// The objective of rows of which each is one of a sample.
    func of(_ rows: [Beginning]) throws -> AlignmentObjective {
        var objective = self
        objective.loss = try loss.of(rows)
        return objective
    }

    /// The objective of a range of rows.
    func narrowed(to rows: Range<Int>) throws -> AlignmentObjective {
        var objective = self
        objective.loss = try loss.narrowed(to: rows)
        return objective
    }

    /// `[rows]`, differentiable in the clean latents.
    /// - Parameters:
    ///   - cleans: `z̃0`, one for each space.
    ///   - round: of updates within a step, from 0.
    func callAsFunction(
        _ spaces: [any LatentSpace], _ cleans: [Tensor], _ step: SamplerStep, round: Int
    ) throws -> Tensor {
        guard let recording else {
            return try loss(Self.embeddings(spaces, cleans, step, round))
        }
        // Recorded as one piece, forward and back; the scheduler's part, whose numbers differ from step to step, is not.
        let inputs = try cleans.map { try $0.detached() } + loss.tensors
        let made = try step.observer.timed("aligner") {
            try recording.run("aligner \(loss.form) \(cleans[0].size(0))", inputs) { [loss] inputs in
                let leaves = try inputs.prefix(spaces.count).map { try $0.leaf() }
                let each = try loss.with(Array(inputs.dropFirst(spaces.count)))(Self.embeddings(spaces, leaves))
                return [try each.detached()] + (try Self.gradients(of: each, leaves, through: spaces))
            }
        }
        return try Autograd.value(made[0], of: cleans, gradients: Array(made.dropFirst()))
    }

    /// Of the sum over the rows.
    static func gradients(
        of each: Tensor, _ inputs: [Tensor], through spaces: [any LatentSpace]
    ) throws(TorchError) -> [Tensor] {
        let scale = spaces.map(\.gradientScale).max() ?? 1
        let gradients = try Autograd.gradients(of: each.sum() * scale, inputs)
        return try gradients.map { gradient throws(TorchError) in scale == 1 ? gradient : try gradient * (1 / scale) }
    }

    /// The binder's embeddings of clean latents, in single precision or double.
    /// - Parameter step: whose observer is shown what comes up; nil where the work is recorded.
    private static func embeddings(
        _ spaces: [any LatentSpace], _ cleans: [Tensor], _ step: SamplerStep? = nil, _ round: Int = 0
    ) throws -> [Modality: Tensor] {
        var embeddings: [Modality: Tensor] = [:]
        for (space, clean) in zip(spaces, cleans) {
            let embedding = try space.embed(clean, observer: step?.tracing(space.modality, round: round))
            let precise = embedding.dtype == .float64 ? embedding : try embedding.to(.float32)
            step?.record("emb", of: space.modality, precise, round: round)
            embeddings[space.modality] = precise
        }
        return embeddings
    }
}

/// The losses of updates, kept where they were computed until they are asked for.
struct LossHistory {
    private var measured: [(rows: [Beginning], losses: Tensor)] = []

    mutating func add(_ losses: Tensor, of rows: [Beginning]) throws(TorchError) {
        measured.append((rows, try losses.detached()))
    }

    /// For each of these rows its loss in every update.
    func losses(of rows: [Beginning]) throws -> [[Double]] {
        var all = rows.map { _ in [Double]() }
        // One transfer, not one for each update.
        let values = measured.isEmpty ? [] : try Tensor.cat(measured.map(\.losses), 0).doubles()
        var start = 0
        for (of, _) in measured {
            let places = Dictionary(uniqueKeysWithValues: zip(of, of.indices))
            for (row, place) in zip(all.indices, rows.map { places[$0] }) {
                if let place { all[row].append(values[start + place]) }
            }
            start += of.count
        }
        return all
    }
}
