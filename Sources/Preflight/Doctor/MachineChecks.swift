import Checkpoint
internal import Planning
internal import Files
package import Foundation
import Processes

/// Looks at the machine: cores, memory, disk, threads, launchers, the models' cache.
package struct MachineChecks {
    private let environment: [String: String]
    private let folder: URL

    /// - Parameters:
    ///   - environment: The process's variables.
    ///   - folder: The folder whose disk is meant: where runs would go.
    package init(environment: [String: String], folder: URL) {
        self.environment = environment
        self.folder = folder
    }

    /// All checks. Blocks: it starts `mpirun --version`.
    package func run() -> [DoctorCheck] { [cores, memory, disk, threads, mpirun, cache] }

    private var cores: DoctorCheck {
        let process = ProcessInfo.processInfo
        let (active, all) = (process.activeProcessorCount, process.processorCount)
        return DoctorCheck("cores", .ok, active == all ? "\(all)" : "\(active) of \(all) for this process")
    }

    private var memory: DoctorCheck {
        let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
        return Self.memory(meminfo: text, total: Int64(ProcessInfo.processInfo.physicalMemory))
    }

    /// What `/proc/meminfo` says. A 10-second sample of the published sizes takes up to 24 GB.
    static func memory(meminfo: String, total: Int64) -> DoctorCheck {
        let available = meminfo.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
            .flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int64($0) }.map { $0 * 1024 }
        let found = available.map { "\(ByteText.short($0)) free of \(ByteText.short(total))" } ?? ByteText.short(total)
        let isLow = (available ?? total) < 8_000_000_000
        return DoctorCheck(
            "memory", isLow ? .note : .ok, found,
            remedy: isLow ? "models of the published sizes take 10 to 24 GB for each rank on a CPU" : nil)
    }

    private var disk: DoctorCheck {
        guard let free = DiskSpace.available(at: folder.path) else {
            return DoctorCheck("disk", .note, "the free space of \(folder.path) is unknown")
        }
        let isLow = free < 10_000_000_000
        return DoctorCheck(
            "disk", isLow ? .note : .ok, "\(ByteText.short(free)) free at \(folder.path)",
            remedy: isLow ? "a thousand samples with video take several GB; `seehear plan` tells what a job needs" : nil
        )
    }

    private var threads: DoctorCheck {
        guard let value = environment["OMP_NUM_THREADS"] else {
            return DoctorCheck("OMP_NUM_THREADS", .ok, "not set: each rank takes its share of the cores")
        }
        guard let count = Int(value), count > 0 else {
            return DoctorCheck(
                "OMP_NUM_THREADS", .wrong, "is `\(value)`", remedy: "unset it or give a whole number above 0")
        }
        return DoctorCheck("OMP_NUM_THREADS", .ok, "\(count)")
    }

    private var mpirun: DoctorCheck {
        guard let path = ProgramPath.find("mpirun", path: environment["PATH"] ?? "") else {
            return DoctorCheck(
                "mpirun", .wrong, "not on PATH", remedy: "apt install openmpi-bin; a run with one rank works without")
        }
        let version = ProcessOutput.run(path, ["--version"], limit: 20)?.output.split(separator: "\n").first
        return DoctorCheck("mpirun", .ok, version.map { "\($0), \(path)" } ?? path)
    }

    private var cache: DoctorCheck {
        let cache = HuggingFaceCache(environment: environment).folder
        let names = (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
        let models = names.filter { $0.hasPrefix("models--") }.count
        let exists = FileManager.default.fileExists(atPath: cache)
        return DoctorCheck(
            "Hugging Face cache", exists ? .ok : .note,
            exists ? "\(models) models in \(cache)" : "there is no \(cache)",
            remedy: exists ? nil : "needed only for models named as org/name; set HF_HUB_CACHE where it lies elsewhere")
    }
}
