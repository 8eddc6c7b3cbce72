internal import CTorch
internal import Synchronization

/// libtorch as a whole: its version, its threads, and the CUDA half, which is opened only where it is asked for.
package enum TorchRuntime {
    /// The version this program was compiled against, such as `2.11.0`.
    package static var version: String { String(cString: sh_version()) }

    /// The widest vector instructions that libtorch's own kernels use here, such as `AVX512`.
    package static var cpuCapability: String { String(cString: sh_cpu_capability()) }

    /// Whether the processor multiplies bf16 itself (AVX-512 BF16, which those with AMX have too). Without, bf16 is taken apart and may be
    /// slower than single precision.
    package static var cpuMultipliesBFloat16: Bool { sh_cpu_multiplies_bf16() }

    /// Threads of one operation.
    package static var threads: Int { Int(sh_threads()) }

    /// Prepares the process: call once, before the first tensor.
    ///
    /// Afterwards equal work has equal bits on one device; what libtorch cannot do so is refused by name.
    ///
    /// - Parameter threads: threads of one operation; `nil` keeps libtorch's choice (`OMP_NUM_THREADS`, else all cores).
    /// - Throws: ``TorchError/refused(operation:message:)`` for a thread count below 1.
    package static func configure(threads: Int? = nil) throws(TorchError) {
        try check(sh_configure_host())
        if let threads { try check(sh_set_threads(Int32(clamping: threads))) }
        try check(sh_set_deterministic(true))
        try check(sh_set_tf32(false))
    }

    /// How often the host's numbers have become a tensor, or a tensor's numbers were read, on this thread. On a device the host
    /// waits each time, so that a step should do none.
    package static var hostTransfers: Int { Int(sh_host_transfers()) }

    /// A CUDA device as its driver describes it.
    package struct CUDADevice: Sendable {
        package let index: Int
        package let name: String
        package let totalBytes: Int
    }

    private static let loaded = Mutex<Bool>(false)

    /// The CUDA devices of this machine.
    ///
    /// Opens `libtorch_cuda.so` on the first call, so that one binary serves nodes with and without CUDA.
    /// - Throws: ``TorchError/refused(operation:message:)`` with the loader's words where the library, one that it
    ///   needs, or a device is absent.
    package static func cudaDevices() throws(TorchError) -> [CUDADevice] {
        let status = loaded.withLock { done in
            guard !done else { return SH_OK }
            let status = sh_cuda_load()
            done = status == SH_OK
            return status
        }
        try check(status)
        var count: Int32 = 0
        try check(sh_cuda_count(&count))
        var devices: [CUDADevice] = []
        for index in 0..<count {
            var name = [CChar](repeating: 0, count: 256)
            var total: Int64 = 0
            try check(sh_cuda_name(index, &name, name.count, &total))
            let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            devices.append(CUDADevice(index: Int(index), name: text, totalBytes: Int(total)))
        }
        return devices
    }

    /// Memory of a CUDA device's tensors, in bytes. `peak` is the most since ``resetPeak(of:)``.
    package static func memory(of index: Int) throws(TorchError) -> (allocated: Int, peak: Int, reserved: Int) {
        var allocated: Int64 = 0
        var peak: Int64 = 0
        var reserved: Int64 = 0
        try check(sh_cuda_memory(Int32(index), &allocated, &peak, &reserved))
        return (Int(allocated), Int(peak), Int(reserved))
    }

    /// Starts the measurement of a CUDA device's peak memory anew.
    package static func resetPeak(of index: Int) throws(TorchError) { try check(sh_cuda_reset_peak(Int32(index))) }

    /// Gives cached device memory back to the driver, as after an out-of-memory error.
    package static func emptyCache() throws(TorchError) { try check(sh_cuda_empty_cache()) }
}
