internal import Engine
internal import Foundation
internal import Goldens
internal import Method
internal import Torch

/// Begins each step from the traces' own latents and prompts, so that one step's rounding does not become the next one's
/// difference, and keeps every intermediate that the traces hold.
final class TeacherForcing: SamplerObserver {
    private let goldens: [GoldenTrace]
    private let models: ParityModels
    /// For each sample, by the reference's name.
    private(set) var values: [[String: Tensor]]
    private var failure: (any Error)?

    init(_ goldens: [GoldenTrace], _ models: ParityModels) {
        self.goldens = goldens
        self.models = models
        values = goldens.map { _ in [:] }
    }

    /// - Throws: what went wrong while something was recorded or forced.
    func finish() throws -> [[String: Tensor]] {
        if let failure { throw failure }
        return values
    }

    func record(_ name: String, _ tensor: Tensor) {
        let name = GoldenTrace.referenceName(name)
        for (index, golden) in goldens.enumerated() where golden.holds(name) {
            attempt { values[index][name] = try tensor.detached().sample(index, of: goldens.count) }
        }
    }

    func override(step: Int, turn: Int, modality: Modality) -> (latent: Tensor?, prompt: Tensor?) {
        func tensor(_ what: String) -> Tensor? {
            let name = GoldenTrace.referenceName(String(format: "%03d.", step) + "\(modality).\(what)")
            guard goldens.allSatisfy({ $0.holds(name) }) else { return nil }
            var forced: Tensor?
            attempt {
                forced = try Tensor.cat(goldens.map { try $0.tensor(name) }, 0)
                    .to(models.stateType, device: models.device)
            }
            return forced
        }
        return (tensor("z_in"), tensor("y_in"))
    }

    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            failure = failure ?? error
        }
    }
}

extension Tensor {
    /// The rows of one sample of a batch.
    func sample(_ index: Int, of samples: Int) throws(TorchError) -> Tensor {
        let rows = size(0) / samples
        return samples == 1 ? self : try narrow(0, from: index * rows, count: rows)
    }
}
