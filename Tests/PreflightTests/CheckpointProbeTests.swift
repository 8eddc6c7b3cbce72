import Coordinator
import Fixtures
import Foundation
import Testing

@testable import Preflight

@Suite struct CheckpointProbeTests {
    /// A safetensors file with one tensor of four bytes.
    private static let weights: Data = {
        var header = #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        while header.utf8.count % 8 != 0 { header += " " }
        var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        bytes += Data(header.utf8) + Data([0, 0, 0x80, 0x3F])
        return bytes
    }()

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in [
            "unet/config.json", "vae/config.json", "vocoder/config.json", "text_encoder/config.json",
            "scheduler/scheduler_config.json", "tokenizer/vocab.json",
        ] { try folder.write("{}", "audio/\(name)") }
        try folder.write("#version: 0.2\n", "audio/tokenizer/merges.txt")
        try folder.write("a b", "binder/bpe_simple_vocab_16e6.txt")
        for name in [
            "audio/unet/diffusion_pytorch_model.safetensors", "audio/vae/diffusion_pytorch_model.safetensors",
            "audio/vocoder/model.safetensors", "audio/text_encoder/model.safetensors",
            "binder/imagebind_huge.safetensors",
        ] { try Self.weights.write(to: try file(name)) }
    }

    private func file(_ name: String) throws -> URL {
        let url = folder.url.appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        return url
    }

    private func inspect(_ settings: String...) throws -> ModelInspection {
        let job = try JobFile.resolve(
            "task: v2a\nmanifest: a.jsonl\nmodels: {audio: audio, binder: binder}",
            path: folder.url.appending(path: "job.yaml").path,
            overrides: settings)
        return CheckpointProbe(environment: ["HF_HUB_CACHE": folder.url.appending(path: "hub").path], threads: 2)
            .inspect(job)
    }

    @Test func completeModels() throws {
        let found = try inspect()
        #expect(found.problems == [])
        #expect(found.models.map(\.role) == ["audio", "binder"])
        #expect(found.models[0].files.map(\.name).contains("unet/diffusion_pytorch_model.safetensors"))
        #expect(found.models[0].files.count == 11)
        #expect(found.models[1].files.map(\.name) == ["bpe_simple_vocab_16e6.txt", "imagebind_huge.safetensors"])
        #expect(found.models[1].files[1].bytes == Int64(Self.weights.count))
        #expect(found.models[1].files.allSatisfy { $0.sha256?.count == 64 && $0.modified == nil })
        let stat = try inspect("input_hash=stat")
        #expect(stat.models[1].files.allSatisfy { $0.sha256 == nil && $0.modified != nil })
    }

    @Test func licencesOfTheModelCards() throws {
        #expect(try inspect().models.map(\.license) == [nil, nil])
        try folder.write("---\nlicense: cc-by-nc-sa-4.0\ntags: [audio]\n---\n# AudioLDM\n", "audio/README.md")
        try folder.write("---\nlicense: cc-by-nc-4.0\n---\n", "binder/README.md")
        let found = try inspect()
        #expect(found.models.map(\.license) == ["cc-by-nc-sa-4.0", "cc-by-nc-4.0"])
        #expect(found.models[0].files.count == 11)
        // Beside a file that is named itself.
        let single = try inspect("models.binder=binder/imagebind_huge.safetensors")
        #expect(single.problems == [])
        #expect(single.models[1].license == "cc-by-nc-4.0")
    }

    @Test func everythingThatIsWrongAtOnce() throws {
        try FileManager.default.removeItem(at: file("audio/vae/config.json"))
        try Data([255, 255, 255, 255, 255, 255, 255, 127]).write(
            to: file("audio/unet/diffusion_pytorch_model.safetensors"))
        try Self.weights.prefix(20).write(to: file("binder/imagebind_huge.safetensors"))
        let found = try inspect()
        #expect(found.models == [])
        #expect(found.problems.count == 3)
        #expect(found.problems.contains { $0.contains("vae") })
        #expect(found.problems.contains { $0.contains("unet") })
        #expect(found.problems.contains { $0.hasPrefix("models.binder:") && $0.contains("imagebind_huge.safetensors") })
    }

    @Test func repositoriesThatWereNotFetched() throws {
        let found = try inspect("models.audio=cvssp/audioldm-m-full")
        #expect(found.problems.count == 1)
        #expect(found.problems[0].contains("cvssp/audioldm-m-full"))
        #expect(found.problems[0].contains("fetch it with"))
    }
}
