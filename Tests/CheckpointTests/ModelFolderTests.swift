import Files
import Foundation
import TestSupport
import Testing

@testable import Checkpoint

@Suite struct ModelFolderTests {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private struct Config: Decodable {
        struct Part: Decodable { var size: Int }
        var channels: [Int]
        var part: Part?
    }

    private func folder(_ repository: HubReference? = nil) throws -> ModelFolder {
        try ModelFolder(ModelLocation(path: scratch.path, isFolder: true, repository: repository))
    }

    private func copy(_ fixture: String, to name: String) throws {
        try scratch.write(Data(contentsOf: Fixtures.url("checkpoint/\(fixture)")), to: name)
    }

    @Test func choosesFullPrecisionAndSafetensorsFirst() throws {
        let model = try folder()
        var expected: [String] = []
        for (fixture, name) in [
            ("types.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors"),
            ("parameter.pth", "unet/diffusion_pytorch_model.bin"),
            ("types.safetensors", "unet/diffusion_pytorch_model.safetensors"),
            ("sharded/model.safetensors.index.json", "unet/diffusion_pytorch_model.safetensors.index.json"),
        ] {
            try copy(fixture, to: name)
            expected.append(name)
            #expect(try model.weightPath(.unet) == "\(scratch.path)/\(name)")
        }
        #expect(try model.weightPath(.unet, variant: "fp16").hasSuffix("fp16.safetensors"))
        try copy("parameter.pth", to: "vocoder/pytorch_model.bin")
        #expect(try model.weights(.vocoder).format == .torchArchive)
        try copy("types.safetensors", to: "vocoder/model.safetensors")
        #expect(try model.weights(.vocoder).format == .safetensors)
    }

    @Test func namesTheMissingFileAndTheCommand() throws {
        let model = try folder(HubReference("org/audio@v1"))
        do throws(ModelFolderError) {
            _ = try model.weights(.vae)
            Issue.record("found weights")
        } catch {
            #expect(
                "\(error)".contains(
                    "/vae: there is no diffusion_pytorch_model.safetensors or diffusion_pytorch_model.bin"))
            #expect(
                "\(error)".hasSuffix(
                    "`hf download org/audio vae/config.json vae/diffusion_pytorch_model.safetensors --revision v1`."))
        }
    }

    @Test func namesTheFieldOfAConfiguration() throws {
        let model = try folder()
        func field(_ text: String) throws -> String? {
            let path = try scratch.write(text, to: "unet/config.json")
            do throws(ModelFolderError) {
                _ = try model.config(Config.self, of: .unet)
            } catch .config(path, let field, _) {
                return field
            } catch {}
            return nil
        }
        #expect(try field(#"{"channels": [1, 2]}"#) == nil)
        #expect(try field(#"{}"#) == "channels")
        #expect(try field(#"{"channels": [1, "x"]}"#) == "channels[1]")
        #expect(try field(#"{"channels": [], "part": {}}"#) == "part.size")
        #expect(try field(#"{"channels": [], "channels": [1]}"#) == "")
        #expect(try field("not json") == "")
    }

    @Test func checksAllComponentsAndCollectsProblems() throws {
        let model = try folder()
        for component in ["unet", "vae", "vocoder", "text_encoder"] {
            try scratch.write("{}", to: "\(component)/config.json")
        }
        try scratch.write("{}", to: "scheduler/scheduler_config.json")
        try scratch.write("{}", to: "tokenizer/tokenizer.json")
        for name in [
            "unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "vocoder/model", "text_encoder/model",
        ] {
            try copy("types.safetensors", to: name + ".safetensors")
        }
        var check = model.check(ModelComponent.audioLDM)
        #expect(check.problems.isEmpty)
        #expect(check.components.map(\.folder) == ModelComponent.audioLDM.map(\.folder))
        #expect(check.components[0].tensorCount == 12 && check.components[0].elementCount == 61)
        #expect(check.components[4].files == ["\(scratch.path)/tokenizer/tokenizer.json"])

        try scratch.write([1, 2, 3], to: "vae/diffusion_pytorch_model.safetensors")
        try scratch.write("[]", to: "scheduler/scheduler_config.json")
        try FileManager.default.removeItem(atPath: "\(scratch.path)/tokenizer/tokenizer.json")
        check = model.check(ModelComponent.audioLDM)
        #expect(check.components.map(\.folder) == ["unet", "vocoder", "text_encoder"])
        #expect(check.problems.count == 3)
    }

    /// A Stable Diffusion folder that holds `.bin` files, half precision and several files, beside parts that nobody reads.
    @Test func findsTheFilesOfStableDiffusion() throws {
        let model = try folder(HubReference("org/pictures"))
        #expect(model.check(ModelComponent.stableDiffusion).problems.count == 5)
        try copy("types.safetensors", to: "unet/diffusion_pytorch_model.fp16.safetensors")
        try copy("types.safetensors", to: "unet/diffusion_pytorch_model.non_ema.safetensors")
        try copy("parameter.pth", to: "vae/diffusion_pytorch_model.bin")
        try copy("sharded/model.safetensors.index.json", to: "text_encoder/model.safetensors.index.json")
        for part in 1...2 {
            let name = "model-0000\(part)-of-00002.safetensors"
            try copy("sharded/\(name)", to: "text_encoder/\(name)")
        }
        for name in [
            "unet/config.json", "vae/config.json", "text_encoder/config.json", "scheduler/scheduler_config.json",
        ] {
            try scratch.write("{}", to: name)
        }
        try scratch.write("{}", to: "tokenizer/tokenizer.json")
        try scratch.write([1], to: "safety_checker/pytorch_model.bin")
        let check = model.check(ModelComponent.stableDiffusion)
        #expect(check.problems.isEmpty && check.components.map(\.folder).sorted().first == "scheduler")
        #expect(!check.components.flatMap(\.files).contains { $0.contains("safety") || $0.contains("non_ema") })
    }

    @Test func findsTheFilesOfAMotionAdapter() throws {
        let location = ModelLocation(path: scratch.path, isFolder: true, repository: HubReference("org/motion"))
        func weights() throws -> String {
            try #require(MotionAdapterFiles(location).weights.split(separator: "/").last.map(String.init))
        }
        do throws(ModelFolderError) {
            _ = try MotionAdapterFiles(location)
            Issue.record("found an adapter")
        } catch {
            #expect(
                "\(error)".contains("diffusion_pytorch_model.safetensors") && "\(error)".contains("mm_sd_v15_v2.ckpt"))
            #expect("\(error)".hasSuffix("`hf download org/motion config.json diffusion_pytorch_model.safetensors`."))
        }
        // The original checkpoints have no configuration, whatever else lies beside them.
        try scratch.write("{}", to: "config.json")
        for name in ["mm_sd_v15.ckpt", "mm_sd_v15_v2.ckpt"] {
            try scratch.write([1], to: name)
            #expect(try weights() == name)
        }
        #expect(try MotionAdapterFiles(location).config == nil)
        for name in ["diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.bin"] {
            try scratch.write([1], to: name)
            #expect(try weights() == name)
        }
        #expect(try MotionAdapterFiles(location).config == scratch.path + "/config.json")
        func single(_ name: String) throws -> MotionAdapterFiles {
            try MotionAdapterFiles(ModelLocation(path: "\(scratch.path)/\(name)", isFolder: false, repository: nil))
        }
        #expect(try single("mm_sd_v15.ckpt").config == nil)
        #expect(try single("diffusion_pytorch_model.bin").config == scratch.path + "/config.json")
        let bare = try TemporaryFolder()
        try bare.write([1], to: "diffusion_pytorch_model.safetensors")
        #expect(throws: ModelFolderError.self) {
            try MotionAdapterFiles(ModelLocation(path: bare.path, isFolder: true, repository: nil))
        }
    }

    @Test func findsTheFilesOfImageBind() throws {
        try scratch.write([1], to: "imagebind_huge.pth")
        try scratch.write([1], to: "bpe/bpe_simple_vocab_16e6.txt.gz")
        let folder = ModelLocation(path: scratch.path, isFolder: true, repository: nil)
        var files = try ImageBindFiles(folder)
        #expect(files.weights.hasSuffix("/imagebind_huge.pth") && files.config == nil)
        try scratch.write([1], to: "imagebind_huge.safetensors")
        try scratch.write([1], to: "config.json")
        files = try ImageBindFiles(folder)
        #expect(files.weights.hasSuffix("/imagebind_huge.safetensors") && files.config != nil)
        let single = ModelLocation(path: scratch.path + "/imagebind_huge.pth", isFolder: false, repository: nil)
        #expect(try ImageBindFiles(single).weights == single.path)
        #expect(throws: ModelFolderError.file(.missing(path: "/none"))) {
            try ImageBindFiles(folder, vocabulary: "/none")
        }
        let empty = ModelLocation(path: scratch.path + "/bpe", isFolder: true, repository: nil)
        #expect(throws: ModelFolderError.self) { try ImageBindFiles(empty) }
    }

    /// diffusers writes them, and JSON has no such numbers.
    @Test func pythonsConstantsAreAbsentValues() throws {
        struct Config: Decodable, Equatable {
            let low: Double?
            let high: Double?
            let none: Double?
            let text: String
            let after: Int
        }
        let text = #"{"low": -Infinity, "high":Infinity, "none": NaN, "text": "a \"NaN\" -Infinity", "after": 3}"#
        let config = try ModelFolder.config(Config.self, at: scratch.write(text, to: "config.json"))
        #expect(config == Config(low: nil, high: nil, none: nil, text: #"a "NaN" -Infinity"#, after: 3))
        #expect(PythonConstants.replacedByNull(Array("[-Infinity, -1]".utf8)) == Array("[null     , -1]".utf8))
        for broken in ["", "\"", "\"\\", "-", "-Infinit", "Na", "NaNNaN"] {
            _ = PythonConstants.replacedByNull(Array(broken.utf8))
        }
    }
}
