internal import Foundation
package import Method
package import Torch

/// One step of a run, as the loop and a guide see it.
package struct SamplerStep {
    /// From 0.
    package let index: Int
    package let streams: [DiffusionStream]
    package let observer: (any SamplerObserver)?

    /// `ε̂ = ε_θ(z_t, t, y)` of a stream, from what its network says, of whatever kind.
    package func predictNoise(_ stream: DiffusionStream, _ state: StreamState) throws -> [Tensor] {
        let outputs = try observer.timed("\(stream.name).unet") {
            try stream.denoiser.predict(
                state.previous, timestep: stream.scheduler.timesteps[index], prompt: state.prompt)
        }
        return try zip(outputs, state.previous).map { output, latent in
            try stream.scheduler.noise(from: output, latent: latent, step: index)
        }
    }

    /// Shows an intermediate to the observer.
    /// - Parameter round: of a guide that repeats its work within a step, from 0.
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
