internal import Coordinator
internal import Foundation
internal import Method
package import Planning
package import Torch

/// Which device and how many threads a rank computes with.
package struct DeviceChoice: Sendable {
    package let device: Device
    /// Threads of one operation; nil: libtorch's choice.
    package let threads: Int?
    /// For the log and the coordinator, such as `cuda:1 NVIDIA H200`.
    package let description: String

    /// The ranks of a node share its devices by their local numbers; on the CPU they share its cores.
    ///
    /// - Throws: `TorchError` where the job asks for CUDA and there is none, and where the node has an NVIDIA device that
    ///   libtorch cannot use: `device: cpu` computes on the CPU then.
    package init(_ job: Job, localRank: Int, ranksOnNode: Int) throws(TorchError) {
        try self.init(job.device, threads: job.threads, localRank: localRank, ranksOnNode: ranksOnNode)
    }

    /// The same for what is asked for without a job.
    ///
    /// - Parameter threads: of one operation; nil leaves it to the device.
    /// - Throws: as ``init(_:localRank:ranksOnNode:)``.
    package init(_ kind: Job.Device, threads wanted: Int?, localRank: Int, ranksOnNode: Int) throws(TorchError) {
        if kind != .cpu {
            do throws(TorchError) {
                let devices = try TorchRuntime.cudaDevices()
                if !devices.isEmpty {
                    let chosen = devices[localRank % devices.count]
                    device = .cuda(chosen.index)
                    threads = wanted
                    description = "cuda:\(chosen.index) \(chosen.name)"
                    return
                }
            } catch {
                // A GPU node that quietly computes on its CPU would waste a week.
                guard kind == .auto, !Self.hasNVIDIADevice else { throw error }
            }
            guard kind == .auto else {
                throw .refused(
                    operation: "choosing a device", message: "cuda is asked for and this node has no CUDA device")
            }
        }
        device = .cpu
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let wished = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"].flatMap(Int.init)
        let count = wanted ?? wished ?? max(1, cores / max(ranksOnNode, 1))
        threads = count
        description = "cpu, \(count) thread\(count == 1 ? "" : "s")"
    }

    /// Has libtorch compute in this process as the job and this choice say.
    func apply(_ job: Job) throws(TorchError) {
        try TorchRuntime.configure(threads: threads)
        try TorchRuntime.allowTF32(job.tf32 == .on)
    }

    /// What of a job's settings does nothing on this device, or only costs time.
    ///
    /// - Parameter multipliesBFloat16: whether the CPU multiplies bf16 itself.
    package func warnings(
        for job: Job, multipliesBFloat16: Bool = TorchRuntime.cpuMultipliesBFloat16
    ) -> [String] {
        guard device == .cpu else { return [] }
        var warnings = [("tf32", job.tf32), ("graphs", job.graphs)].filter { $0.1 == .on }.map {
            "\($0.0) is on and has no effect on the CPU."
        }
        if job.precision == .fp16 || (job.precision == .bf16 && !multipliesBFloat16) {
            warnings.append(
                "precision \(job.precision.rawValue) may be slower than fp32 on this processor, which does not multiply it itself."
            )
        }
        return warnings
    }

    private static var hasNVIDIADevice: Bool { FileManager.default.fileExists(atPath: "/dev/nvidiactl") }
}
