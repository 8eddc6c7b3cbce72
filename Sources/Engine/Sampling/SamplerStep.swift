internal import Foundation
package import Method
package import Torch

/// One step of a run, as the loop and a guide see it.
package struct SamplerStep {
    /// From 0.
    package let index: Int
    /// Of the run.
    package let count: Int
    package let observer: (any SamplerObserver)?
    /// That the networks take.
    package let rowsAtOnce: Int
    /// Of a step that is done several times, from 0.
    package internal(set) var turn = 0
    package internal(set) var isLastTurn = true

    init(index: Int, count: Int, observer: (any SamplerObserver)?, rowsAtOnce: Int) {
        self.index = index
        self.count = count
        self.observer = observer
        self.rowsAtOnce = rowsAtOnce
    }

    /// Ranges of so many rows that the networks can take.
    func pieces(of rows: Int) -> [Range<Int>] {
        guard rows > rowsAtOnce else { return [0..<rows] }
        return stride(from: 0, to: rows, by: rowsAtOnce).map { $0..<min($0 + rowsAtOnce, rows) }
    }

    /// `ε̂ = ε_θ(z_t, t, y)` of a stream, from what its network says, of whatever kind.
    package func predictNoise(_ state: StreamState) throws -> [Tensor] {
        let stream = state.stream
        let outputs = try predict(
            stream, state.previous, timestep: stream.scheduler.timesteps[index], prompt: state.prompt)
        return try zip(outputs, state.previous).map { output, latent in
            try stream.scheduler.noise(from: output, latent: latent, step: index)
        }
    }

    /// What the network of a stream says, in pieces that it can take.
    func predict(
        _ stream: DiffusionStream, _ latents: [Tensor], timestep: Double, prompt: Tensor?
    ) throws -> [Tensor] {
        try observer.timed("\(stream.name).unet") {
            let pieces = pieces(of: latents[0].size(0))
            guard pieces.count > 1 else {
                return try stream.denoiser.predict(latents, timestep: timestep, prompt: prompt)
            }
            let outputs = try pieces.map { piece in
                func part(_ tensor: Tensor) throws -> Tensor {
                    try tensor.narrow(0, from: piece.lowerBound, count: piece.count)
                }
                return try stream.denoiser.keeping(Array(piece)).predict(
                    latents.map(part), timestep: timestep, prompt: prompt.map(part))
            }
            return try latents.indices.map { place in try Tensor.cat(outputs.map { $0[place] }, 0) }
        }
    }

    /// Shows an intermediate to the observer.
    /// - Parameter round: of work that is repeated within a step, from 0.
    package func record(_ what: String, of modality: Modality, _ tensor: Tensor, round: Int = 0) {
        observer?.record(prefix(modality, round: round) + what, tensor)
    }

    /// The observer for what a latent space does, whose names then carry step and modality.
    package func tracing(_ modality: Modality, round: Int) -> (any SamplerObserver)? {
        observer.map { PrefixedObserver($0, prefix(modality, round: round)) }
    }

    private func prefix(_ modality: Modality, round: Int) -> String {
        String(format: "%03d", index) + (round == 0 ? "" : ".\(round)") + ".\(modality)."
    }
}

/// Puts step and modality before the names of intermediates.
private final class PrefixedObserver: SamplerObserver {
    private let observer: any SamplerObserver
    private let prefix: String

    init(_ observer: any SamplerObserver, _ prefix: String) {
        self.observer = observer
        self.prefix = prefix
    }

    func record(_ name: String, _ tensor: Tensor) { observer.record(prefix + name, tensor) }
    func willSpend(on stage: String) { observer.willSpend(on: stage) }
    func spent(_ seconds: Double, on stage: String) { observer.spent(seconds, on: stage) }
}
