import Foundation
import Method
import Planning
import TestSupport
import Testing

@testable import Preflight

@Suite struct CheckpointProbeTests {
    /// A safetensors file with one tensor in single precision.
    private static func safetensors(_ name: String = "w", shape: [Int] = [1]) -> Data {
        let bytes = 4 * shape.reduce(1, *)
        var header = "{\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[0,\(bytes)]}}"
        while header.utf8.count % 8 != 0 { header += " " }
        return withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)
            + Data(count: bytes)
    }

    private static let weights = safetensors()

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in [
            "unet/config.json", "vae/config.json", "vocoder/config.json", "text_encoder/config.json",
            "scheduler/scheduler_config.json", "tokenizer/vocab.json",
        ] {
            try folder.write("{}", to: "audio/\(name)")
            if !name.hasPrefix("vocoder") { try folder.write("{}", to: "image/\(name)") }
        }
        for model in ["audio", "image"] { try folder.write("#version: 0.2\n", to: "\(model)/tokenizer/merges.txt") }
        try folder.write(#"{"motion_max_seq_length": 24}"#, to: "motion/config.json")
        try folder.write("# sounds\nrain\nwind\n", to: "labels.txt")
        try folder.write("a b", to: "binder/bpe_simple_vocab_16e6.txt")
        for name in [
            "audio/unet/diffusion_pytorch_model.safetensors", "audio/vae/diffusion_pytorch_model.safetensors",
            "audio/vocoder/model.safetensors", "audio/text_encoder/model.safetensors",
            "binder/imagebind_huge.safetensors", "image/unet/diffusion_pytorch_model.safetensors",
            "image/vae/diffusion_pytorch_model.fp16.safetensors", "image/text_encoder/model.safetensors",
            "motion/diffusion_pytorch_model.safetensors",
        ] { try Self.weights.write(to: try file(name)) }
    }

    private func file(_ name: String) throws -> URL {
        let url = folder.url.appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        return url
    }

    private func inspect(_ settings: String..., tasks: Set<GenerationTask> = [.v2a]) throws -> ModelInspection {
        let job = try JobFile.resolve(
            "task: v2a\nmanifest: a.jsonl\nmodels: {audio: audio, image: image, motion: motion, binder: binder}",
            path: folder.url.appending(path: "job.yaml").path,
            overrides: settings
        ).narrowed(to: tasks)
        return CheckpointProbe(environment: ["HF_HUB_CACHE": folder.url.appending(path: "hub").path], threads: 2)
            .inspect(job)
    }

    @Test("complete models are found with all files, identified by hash or by time as the job says")
    func completeModels() throws {
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

    @Test("the models of image tasks are found with their files")
    func modelsOfImages() throws {
        let all = try inspect("caption=labels", "labels=labels.txt", tasks: [.joint])
        #expect(all.problems == [])
        #expect(all.models.map(\.role) == ["audio", "image", "motion", "binder", "labels"])
        #expect(all.models[1].files.map(\.name).contains("vae/diffusion_pytorch_model.fp16.safetensors"))
        #expect(all.models[2].files.map(\.name) == ["config.json", "diffusion_pytorch_model.safetensors"])
        // printf '# sounds\nrain\nwind\n' | sha256sum
        #expect(
            all.models[4].files.map(\.sha256)
                == ["2d55bb66486ebf85cc07687d9f09b3affb7be9d4abbd7f12190453ee32918c39"])
        #expect(all.models[4].files.map(\.name) == ["labels.txt"])
        #expect(all.maximumFrames == 24)
        let still = try inspect(tasks: [.a2i])
        #expect(still.models.map(\.role) == ["image", "binder"])
        #expect(still.maximumFrames == nil)
    }

    @Test("a list that guides alone read is a part of the run, with its content and the number of its captions")
    func listThatGuidesRead() throws {
        let found = try inspect("preset=search", "labels=labels.txt")
        #expect(found.problems == [])
        #expect(found.models.map(\.role) == ["audio", "binder", "labels"])
        #expect(found.labels == 2)
        let unused = try inspect("tasks.a2v.guidance.words=on", "labels=labels.txt")
        #expect(unused.models.map(\.role) == ["audio", "binder"])
        #expect(unused.labels == nil)
        try folder.write("rain\nrain\n", to: "labels.txt")
        #expect(try inspect("preset=guided", "labels=labels.txt").problems.count == 1)
    }

    @Test("the number of frames that a motion adapter has positions for is read from its files")
    func framesThatAMotionAdapterHasPositionsFor() throws {
        try folder.write("{}", to: "motion/config.json")
        #expect(try inspect(tasks: [.a2v]).maximumFrames == 32)
        let original = Self.safetensors("down_blocks.0.motion_modules.0.pos_encoder.pe", shape: [1, 16, 4])
        try original.write(to: file("original/mm_sd_v15_v2.ckpt"))
        for path in ["original", "original/mm_sd_v15_v2.ckpt"] {
            let found = try inspect("models.motion=\(path)", tasks: [.a2v])
            #expect(found.problems == [])
            #expect(found.maximumFrames == 16)
            #expect(found.models[1].files.map(\.name) == ["mm_sd_v15_v2.ckpt"])
        }
        try Self.weights.write(to: file("other.safetensors"))
        #expect(try inspect("models.motion=other.safetensors", tasks: [.a2v]).maximumFrames == nil)
        let random = try inspect("models.motion=\(RandomModels.folder.path)/motion_adapter", tasks: [.a2v])
        #expect(random.maximumFrames == 32)
    }

    @Test("all that is wrong with the models of image tasks is reported")
    func whatIsWrongWithTheModelsOfImages() throws {
        try FileManager.default.removeItem(at: file("image/scheduler/scheduler_config.json"))
        try FileManager.default.removeItem(at: file("motion/config.json"))
        try folder.write("rain\nrain\n", to: "labels.txt")
        let found = try inspect("caption=labels", "labels=labels.txt", tasks: [.joint])
        #expect(found.models == [])
        #expect(found.problems.count == 3)
        #expect(found.problems[0].hasPrefix("models.image:") && found.problems[0].contains("scheduler_config.json"))
        #expect(found.problems[1].hasPrefix("models.motion:") && found.problems[1].contains("config.json"))
        #expect(found.problems[2].contains("labels.txt:2: `rain` is already on line 1"))
    }

    @Test("licences are taken from the model cards")
    func licencesOfTheModelCards() throws {
        #expect(try inspect().models.map(\.license) == [nil, nil])
        try folder.write("---\nlicense: cc-by-nc-sa-4.0\ntags: [audio]\n---\n# AudioLDM\n", to: "audio/README.md")
        try folder.write("---\nlicense: cc-by-nc-4.0\n---\n", to: "binder/README.md")
        let found = try inspect()
        #expect(found.models.map(\.license) == ["cc-by-nc-sa-4.0", "cc-by-nc-4.0"])
        #expect(found.models[0].files.count == 11)
        // Beside a file that is named itself.
        let single = try inspect("models.binder=binder/imagebind_huge.safetensors")
        #expect(single.problems == [])
        #expect(single.models[1].license == "cc-by-nc-4.0")
    }

    @Test("all damaged files of all models are reported at once")
    func everythingThatIsWrongAtOnce() throws {
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

    @Test("a repository that was not fetched is named with the command that fetches it")
    func repositoriesThatWereNotFetched() throws {
        let found = try inspect("models.audio=cvssp/audioldm-m-full")
        #expect(found.problems.count == 1)
        #expect(found.problems[0].contains("cvssp/audioldm-m-full"))
        #expect(found.problems[0].contains("fetch it with"))
    }
}
