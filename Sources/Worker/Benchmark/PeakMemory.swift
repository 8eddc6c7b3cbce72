internal import Files
internal import Foundation
internal import Glibc
internal import Torch

/// The most memory that is held while something runs: of the device for CUDA, else the resident set of this process, mapped
/// weights included.
struct PeakMemory {
    private let device: Device
    /// Whether ``bytes`` counts from the start of this measurement; else, where the system does not let a process ask for
    /// that, from the start of the process.
    let isOwn: Bool

    /// Starts the measurement.
    init(of device: Device) throws(TorchError) {
        self.device = device
        if case .cuda(let index) = device {
            try TorchRuntime.resetPeak(of: index)
            isOwn = true
        } else {
            isOwn = Self.resetHost()
        }
    }

    /// Bytes so far.
    var bytes: Int {
        get throws(TorchError) {
            if case .cuda(let index) = device { return try TorchRuntime.memory(of: index).peak }
            return Self.hostPeak
        }
    }

    /// Sets the process's high-water mark to what it holds now. Source: proc_pid_clear_refs(5).
    private static func resetHost() -> Bool {
        let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return write(file, "5", 1) == 1
    }

    private static var hostPeak: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
}
