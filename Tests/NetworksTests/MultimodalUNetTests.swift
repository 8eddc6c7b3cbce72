import Checkpoint
import Foundation
import Goldens
import Method
import TestSupport
import Testing
import Torch

@testable import Networks

/// MM-Diffusion's networks against the reference in double precision, on the random models.
@Suite struct MultimodalUNetTests {
    static let folder = RandomModels.folder.appending(path: "mm")
    static let settings = CoupledModelSettings(
        frames: 16, side: 16, fps: 10, samples: 25_600, heads: 4, headChannels: 16, windows: [1, 4])

    private static func path(_ name: String) -> String { folder.appending(path: name).path }

    private func windows(_ network: MultimodalUNet) throws -> ShiftedWindows {
        try ShiftedWindows(network, samples: 2, device: .cpu)
    }

    private func place(_ shifts: [[Int]]) throws -> Tensor {
        try Tensor(shifts.flatMap { $0 }.map(Int64.init), shape: [shifts.count, shifts[0].count])
    }

    private func inputs(_ network: MultimodalUNet) throws -> (video: Tensor, audio: Tensor, shifts: [[Int]]) {
        let shifts = (0..<2).map { sample in
            network.shiftRanges.enumerated().map { (3 * $0 + 5 * sample) % $1 }
        }
        let side = network.configuration.side
        return (try randn(900, [2, 16, 3, side, side]), try randn(901, [2, 1, 25_600]), shifts)
    }

    @Test("every layer of the coupled network computes what the reference does, each sample with its own shifts")
    func layers() throws {
        let network = try MultimodalUNet(path: Self.path("landscape.pt"), Self.settings, device: .cpu)
        #expect(network.shiftRanges == [16, 13, 13, 13, 16, 16])
        #expect(try compare(network, Fixtures.url("mm/base.safetensors")) == 48)
    }

    @Test("every layer of the network that enlarges computes what the reference does")
    func upscaler() throws {
        let network = try SuperResolutionUNet(path: Self.path("landscape_SR.safetensors"), device: .cpu)
        #expect(try compare(network, Fixtures.url("mm/upscaler.safetensors")) == 21)
    }

    /// By hand: see CONTRIBUTING.
    @Test(
        "every layer in the published sizes",
        .enabled(if: ProcessInfo.processInfo.environment["SEEHEAR_MM_GOLDENS"] != nil))
    func publishedSizes() throws {
        let environment = ProcessInfo.processInfo.environment
        let goldens = URL(filePath: try #require(environment["SEEHEAR_MM_GOLDENS"]))
        let folder = try #require(environment["SEEHEAR_MM_CHECKPOINTS"])
        let base = try MultimodalUNet(path: "\(folder)/landscape.pt", device: .cpu)
        #expect(base.shiftRanges == [16, 16, 13, 13, 9, 9, 9, 9, 9, 13, 13, 13, 16, 16, 16])
        #expect(try compare(base, goldens.appending(path: "base.safetensors")) == 92)
        let upscaler = try SuperResolutionUNet(path: "\(folder)/landscape_SR.pt", device: .cpu)
        #expect(try compare(upscaler, goldens.appending(path: "upscaler.safetensors"), side: 256) == 60)
    }

    /// - Returns: how many tensors were compared.
    private func compare(_ network: MultimodalUNet, _ file: URL) throws -> Int {
        let goldens = try GoldenFile(at: file)
        let (video, audio, shifts) = try inputs(network)
        #expect(try goldens.tensor("shifts").integers() == shifts.flatMap { $0 }.map(Int64.init))
        let waves = try network.table(of: [958], dtype: .float32, device: .cpu).waves(of: 958)
        var results: [String: Tensor] = [:]
        let out = try network(
            video: video, audio: audio, waves: waves, windows: windows(network), shifts: place(shifts)
        ) { results[$0] = $1 }
        (results["out.vision"], results["out.audio"]) = out
        return try compare(results, goldens)
    }

    private func compare(_ network: SuperResolutionUNet, _ file: URL, side: Int = 64) throws -> Int {
        let goldens = try GoldenFile(at: file)
        let waves = try network.table(of: [40], dtype: .float32, device: .cpu).waves(of: 40)
        var results: [String: Tensor] = [:]
        results["out"] = try network(
            randn(902, [2, 3, side, side]), low: randn(903, [2, 3, side / 4, side / 4]).clamped(-1, 1), waves: waves
        ) { results["\($0).out"] = $1 }
        return try compare(results, goldens)
    }

    private func compare(_ results: [String: Tensor], _ goldens: GoldenFile) throws -> Int {
        for (name, value) in results {
            // libtorch in single precision stands 2e-6 from double; convolutions by Winograd's method round up to ten times as much.
            let difference = try goldens.relativeDifference(name, value)
            #expect(difference < 2.5e-5, "\(name): \(difference)")
        }
        return results.count
    }

    @Test("a sample is the same alone and in a batch within rounding, and its shifts matter")
    func batch() throws {
        let network = try MultimodalUNet(path: Self.path("landscape.safetensors"), Self.settings, device: .cpu)
        let (video, audio, shifts) = try inputs(network)
        let waves = try network.table(of: [37], dtype: .float32, device: .cpu).waves(of: 37)
        let both = try network(
            video: video, audio: audio, waves: waves, windows: windows(network), shifts: place(shifts))
        func second(_ shifts: [Int]) throws -> (video: Tensor, audio: Tensor) {
            try network(
                video: video.narrow(0, from: 1, count: 1), audio: audio.narrow(0, from: 1, count: 1), waves: waves,
                windows: windows(network), shifts: place([shifts]))
        }
        let alone = try second(shifts[1])
        let (video2, audio2) = (
            try (both.video.narrow(0, from: 1, count: 1) - alone.video).maxAbs(),
            try (both.audio.narrow(0, from: 1, count: 1) - alone.audio).maxAbs()
        )
        #expect(video2 < 1e-4 && audio2 < 1e-4, "\(video2) \(audio2)")
        let other = try second(shifts[0])
        #expect(try (other.video - alone.video).maxAbs() > 1e-3)
        #expect(try (other.audio - alone.audio).maxAbs() > 1e-3)
    }

    @Test("inputs of other sizes and shifts out of range are refused")
    func inputs() throws {
        let network = try MultimodalUNet(path: Self.path("landscape.safetensors"), Self.settings, device: .cpu)
        let (video, audio, shifts) = try inputs(network)
        let waves = try network.table(of: [], dtype: .float32, device: .cpu).waves(of: 0)
        func refuses(_ video: Tensor, _ audio: Tensor, _ shifts: [[Int]]) {
            #expect(throws: TorchError.self) {
                try network(
                    video: video, audio: audio, waves: waves, windows: windows(network), shifts: place(shifts))
            }
        }
        refuses(try video.narrow(1, from: 0, count: 8), audio, shifts)
        refuses(video, try audio.narrow(2, from: 0, count: 25_599), shifts)
        refuses(video, audio, [shifts[0]])
        refuses(video, audio, [shifts[0], [16, 0, 0, 0, 0, 0]])
    }

    @Test(
        "settings that do not go with a file are named",
        arguments: [
            ("windows", CoupledModelSettings.published), ("frames", nil), ("heads", nil), ("head_channels", nil),
            ("size", nil), ("samples", nil),
        ] as [(String, CoupledModelSettings?)])
    func settings(field: String, settings: CoupledModelSettings?) throws {
        var settings = settings ?? Self.settings
        switch field {
        case "frames": (settings.frames, settings.windows) = (2, [1, 4])
        case "heads": settings.heads = 3
        case "head_channels": settings.headChannels = 48
        case "size": settings.side = 18
        case "samples": settings.samples = 25_000
        default: break
        }
        let error = #expect(throws: ConfigurationError.self) {
            try MultimodalUNet(path: Self.path("landscape.pt"), settings, dtype: nil, device: .cpu)
        }
        #expect(error?.field == (field == "frames" ? "windows" : field))
    }

    @Test("a file of the other network, or of none, is told apart from one that lacks a tensor")
    func files() throws {
        let base = #expect(throws: WeightFileError.self) {
            try MultimodalUNet(path: Self.path("landscape_SR.pt"), Self.settings, device: .cpu)
        }
        #expect(
            base?.description.contains("base model") == true && base?.description.contains("landscape_SR.pt") == true)
        let upscaler = #expect(throws: WeightFileError.self) {
            try SuperResolutionUNet(path: Self.path("landscape.pt"), device: .cpu)
        }
        #expect(upscaler?.description.contains("super-resolution") == true)
    }
}
