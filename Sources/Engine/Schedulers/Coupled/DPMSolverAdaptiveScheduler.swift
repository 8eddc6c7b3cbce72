internal import Foundation
package import Torch

/// DPM-Solver++ of the second order, whose steps are as long as their error allows: from noise to what is clean in what the
/// sampler counts as one step, so that no guide can take part.
///
/// The error is the larger of a video's and its sound's. Each sample is solved by itself: the official program takes the largest
/// error of a batch, by which samples depend on their neighbours.
///
/// Source: `dpm_solver_adaptive` of the official repository, with its tolerances.
package struct DPMSolverAdaptiveScheduler: LatentScheduler {
    private static let absolute = 0.0078
    private static let relative = 0.05
    private static let caution: Float = 0.9
    private static let firstLength: Float = 0.05
    /// Tries at most; the reference took 51 steps on its small model.
    private static let limit = 10_000

    private let update = ExponentialUpdate(schedule: ContinuousSchedule(), quantity: .thresholdedClean)

    package init() {}

    package var timesteps: [Double] { [update.schedule.timestep(ContinuousSchedule.start)] }
    package var predictionType: PredictionType { .epsilon }
    package var drawsNoise: Bool { false }

    package func level(at step: Int) -> NoiseLevel { update.schedule.level(ContinuousSchedule.start) }

    package func level(after step: Int) -> NoiseLevel { update.schedule.level(ContinuousSchedule.end) }

    package func noise(from output: Tensor, latent: Tensor, step: Int) throws(TorchError) -> Tensor {
        try update.quantity(latent, noise: output, at: level(at: step)).noise
    }

    /// The histories stay as they are.
    package func step(
        _ step: Int, noise: [Tensor], latents: [Tensor], histories: inout [SchedulerHistory], from sources: StepSources
    ) throws -> [Tensor] {
        let results = try (0..<latents[0].size(0)).map { row in
            func own(_ tensors: [Tensor]) throws -> [Tensor] {
                try tensors.map { try $0.narrow(0, from: row, count: 1) }
            }
            return try solve(own(latents), first: own(noise)) { try sources.predict($0, $1, [row]) }
        }
        return try latents.indices.map { place in try Tensor.cat(results.map { $0[place] }, 0) }
    }

    private func solve(
        _ latents: [Tensor], first noise: [Tensor], predict: ([Tensor], Double) throws -> [Tensor]
    ) throws -> [Tensor] {
        let schedule = update.schedule
        func values(_ z: [Tensor], _ noise: [Tensor], _ time: Float) throws -> [Tensor] {
            try zip(z, noise).map { try update.quantity($0, noise: $1, at: schedule.level(time)).value }
        }
        func evaluate(_ z: [Tensor], _ time: Float) throws -> [Tensor] {
            try values(z, predict(z, schedule.timestep(time)), time)
        }
        let end = schedule.lambda(ContinuousSchedule.end)
        var (time, length) = (ContinuousSchedule.start, Self.firstLength)
        var (z, previous) = (latents, latents)
        var known: [Tensor]? = try values(z, noise, time)
        for _ in 0..<Self.limit {
            let next = schedule.time(schedule.lambda(time) + length)
            // The official program asks anew where a step is refused; the answer differs by the shifts that are drawn.
            let value = try known ?? evaluate(z, time)
            known = nil
            let low = try update.move(z, value, from: time, to: next)
            let high = try update.step(z, value, from: time, to: next, ratios: [0.5], evaluate: evaluate)
            let error = try zip(high, zip(low, previous)).map { try Self.error($0, $1.0, $1.1) }.max() ?? 0
            // What is not finite never becomes so again; the sample tells of it by itself.
            guard error.isFinite else { return high }
            let isTaken = error <= 1
            let reached = schedule.lambda(isTaken ? next : time)
            length = min(Self.caution * length * Float(pow(Double(error), -0.5)), end - reached)
            guard isTaken else { continue }
            (z, previous, time) = (high, low, next)
            if abs(time - ContinuousSchedule.end) <= 1e-5 { return z }
        }
        throw TorchError.refused(
            operation: "DPM-Solver", message: "no end after \(Self.limit) steps, the next of length \(length)")
    }

    /// The root of the mean square of a step's error, in parts of what is tolerated.
    private static func error(_ high: Tensor, _ low: Tensor, _ previous: Tensor) throws -> Float {
        let (a, b) = (try low.abs(), try previous.abs())
        let larger = try a + (b - a).relu()
        let tolerated = try (larger * relative).clamped(absolute)
        return Float(try ((high - low) / tolerated).square().mean().sqrt().item())
    }
}
