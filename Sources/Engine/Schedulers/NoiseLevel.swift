/// What a latent consists of: `z = signal · z0 + noise · ε`, with `signal² + noise² = 1`.
package struct NoiseLevel: Sendable, Equatable {
    /// `√ᾱ`, 0…1.
    package let signal: Double
    /// `√(1 − ᾱ)`, 0…1.
    package let noise: Double

    /// From `ᾱ`, rounded to single precision after each operation as DDIM's definition does.
    init(alpha: Float) {
        signal = Double(alpha.squareRoot())
        noise = Double((1 - alpha).squareRoot())
    }

    /// From both, as they are.
    init(signal: Double, noise: Double) { (self.signal, self.noise) = (signal, noise) }

    /// From `ᾱ` in double precision, whose roots are then rounded to single.
    init(variancePreserving alpha: Double) {
        signal = Double(Float(alpha.squareRoot()))
        noise = Double(Float((1 - alpha).squareRoot()))
    }

    /// From `σ = noise / signal`.
    init(sigma: Double) {
        signal = 1 / (sigma * sigma + 1).squareRoot()
        noise = sigma * signal
    }
}
