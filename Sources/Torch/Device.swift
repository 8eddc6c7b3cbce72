internal import CTorch

/// Where a tensor's elements lie.
package enum Device: Hashable, Sendable, CustomStringConvertible {
    /// The host's memory.
    case cpu
    /// A CUDA device by its index among the visible ones.
    case cuda(Int)

    package var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }

    var raw: SHDevice {
        switch self {
        case .cpu: SHDevice(cuda_index: -1)
        case .cuda(let index): SHDevice(cuda_index: Int32(index))
        }
    }

    init(_ raw: SHDevice) { self = raw.cuda_index < 0 ? .cpu : .cuda(Int(raw.cuda_index)) }

    /// Waits until the device has done all that was asked of it. Does nothing on the host.
    package func synchronize() throws(TorchError) { try check(sh_synchronize(raw)) }
}
