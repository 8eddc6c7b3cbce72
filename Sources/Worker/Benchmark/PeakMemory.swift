internal import Glibc
package import Torch

/// The most memory that this process has held.
package enum PeakMemory {
    /// Bytes: of the device for CUDA, else the resident set of the process, mapped weights included.
    package static func bytes(_ device: Device) throws(TorchError) -> Int {
        if case .cuda(let index) = device { return try TorchRuntime.memory(of: index).peak }
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return usage.ru_maxrss * 1024
    }
}
