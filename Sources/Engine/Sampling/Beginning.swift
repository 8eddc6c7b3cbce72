internal import Files
internal import Torch

/// What a row of a run's tensors is: one beginning of a sample.
package struct Beginning: Sendable, Hashable {
    /// By its place in the call.
    package let sample: Int
    /// 0 is the plain pipeline's beginning.
    package let particle: Int

    package init(sample: Int, particle: Int = 0) {
        self.sample = sample
        self.particle = particle
    }

    /// So many beginnings of each sample, those of one together.
    package static func all(samples: Int, particles: Int = 1) -> [Beginning] {
        (0..<samples).flatMap { sample in (0..<particles).map { Beginning(sample: sample, particle: $0) } }
    }

    /// Of a beginning's own generator. The first has the sample's seed, so that a sample with one beginning is the plain
    /// pipeline's.
    static func seed(_ sample: UInt64, particle: Int) -> UInt64 {
        particle == 0 ? sample : derived("particle", sample, particle)
    }

    /// Of the generator from which a sample's rows draw, one after the other, when they go back in time.
    static func travelSeed(_ sample: UInt64) -> UInt64 { derived("travel", sample, 0) }

    /// 0 … 1, below 1: where a sample's draw falls.
    static func draw(_ what: String, _ sample: UInt64) -> Double {
        Double(derived(what, sample, 0) >> 10) / Double(UInt64(1) << 53)
    }

    private static func derived(_ what: String, _ seed: UInt64, _ number: Int) -> UInt64 {
        SHA256.seed(of: "seehear \(what) 1\0\(seed)\0\(number)")
    }
}

extension Tensor {
    /// Those rows, in that order.
    func rows(_ places: [Int]) throws(TorchError) -> Tensor {
        try select(0, Tensor(places.map(Int64.init), shape: [places.count]).uploaded(to: device))
    }
}
