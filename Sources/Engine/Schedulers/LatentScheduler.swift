package import Torch

/// A sampler of the reverse process, addressed by step.
package protocol LatentScheduler: Sendable {
    /// What the network is told at each step, falling.
    var timesteps: [Double] { get }
    /// `ᾱ` of the latent that a step begins with.
    func alpha(at step: Int) -> Float
    /// `ᾱ` of the latent that a step leads to.
    func alpha(after step: Int) -> Float
    func step(_ step: Int, noise: Tensor, latent: Tensor, eta: Double, fresh: Tensor?) throws(TorchError) -> Tensor
    func predictClean(_ latent: Tensor, noise: Tensor, alpha: Float) throws(TorchError) -> Tensor
}

package struct SchedulerChoice: Sendable, Equatable {
    package var betaSchedule: String?
    package var timestepSpacing: String?
    package init(betaSchedule: String? = nil, timestepSpacing: String? = nil) {
        self.betaSchedule = betaSchedule
        self.timestepSpacing = timestepSpacing
    }
    package func scheduler(_ c: DDIMScheduler.Configuration, steps: Int, eta: Double) throws -> any LatentScheduler {
        var c = c
        if let betaSchedule { c.betaSchedule = betaSchedule }
        if let timestepSpacing { c.timestepSpacing = timestepSpacing }
        return try DDIMScheduler(c, steps: steps)
    }
}
