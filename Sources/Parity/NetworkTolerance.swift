/// How far a small network may be from its goldens in double precision, as relative rms.
package struct NetworkTolerance: Sendable {
    package let result: Double
    package let gradient: Double

    /// The sines of the timestep are computed in single precision.
    package static let double = NetworkTolerance(result: 1e-6, gradient: 2e-6)
}

extension NetworkTolerance {
    /// In single precision as well as the traces: measured on a CPU at most 5e-7 and 5e-6.
    package static let single = NetworkTolerance(result: 2e-5, gradient: 1e-4)
}
