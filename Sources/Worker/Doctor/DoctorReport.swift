internal import Foundation
internal import JSON
internal import Media
internal import Shard
internal import Torch

/// What this program found of the libraries that it links and the devices it can use.
package struct DoctorReport: Encodable {
    struct Torch: Encodable {
        let version: String
        let instructions: String
        let threads: Int
        let cuda: CUDA
        let devices: [DeviceEntry]
    }

    struct CUDA: Encodable {
        let available: Bool
        let reason: String?
    }

    struct DeviceEntry: Encodable {
        let name: String
        let bytes: Int?
    }

    struct Library: Encodable {
        let version: String
    }

    /// Open MPI, as the executable that links it tells.
    package struct MPI: Encodable {
        package var version: String?
        package var threadLevel: String?
        package var error: String?

        enum CodingKeys: String, CodingKey {
            case version, error
            case threadLevel = "thread_level"
        }

        package init(version: String? = nil, threadLevel: String? = nil, error: String? = nil) {
            self.version = version
            self.threadLevel = threadLevel
            self.error = error
        }
    }

    let libtorch: Torch
    let openmpi: MPI
    let ffmpeg: Library
    let sndfile: Library
    let zstd: Library

    package init(mpi: MPI) {
        var devices = [DeviceEntry(name: "cpu", bytes: Int(ProcessInfo.processInfo.physicalMemory))]
        var cuda = CUDA(available: false, reason: nil)
        do {
            let found = try TorchRuntime.cudaDevices()
            devices += found.map { DeviceEntry(name: "cuda:\($0.index) \($0.name)", bytes: $0.totalBytes) }
            cuda = CUDA(available: !found.isEmpty, reason: found.isEmpty ? "no device" : nil)
        } catch {
            cuda = CUDA(available: false, reason: "\(error)")
        }
        libtorch = Torch(
            version: TorchRuntime.version, instructions: TorchRuntime.cpuCapability, threads: TorchRuntime.threads,
            cuda: cuda,
            devices: devices)
        openmpi = mpi
        ffmpeg = Library(version: LinkedLibraries.ffmpeg)
        sndfile = Library(version: LinkedLibraries.sndfile)
        zstd = Library(version: ZstdLibrary.version)
    }

    /// As one JSON object.
    package func json() throws -> String {
        String(decoding: try JSONCoding.encode(self, pretty: true), as: UTF8.self)
    }
}
