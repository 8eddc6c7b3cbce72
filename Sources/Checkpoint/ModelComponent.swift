/// What a pipeline needs of one subfolder of a model.
package struct ModelComponent: Sendable, Equatable {
    /// How the files with weights are called.
    package enum Weights: Sendable {
        /// `diffusion_pytorch_model.safetensors` and its relatives.
        case diffusers
        /// `model.safetensors`, `pytorch_model.bin` and their relatives.
        case transformers
    }

    /// The subfolder, such as `unet`; empty for the folder itself.
    package let folder: String
    /// Nil for a component without weights.
    package let weights: Weights?
    /// The configuration; nil for a component without.
    package let config: String?
    /// Other files: one of these sets must be there completely.
    package let files: [[String]]

    /// Describes a component.
    package init(folder: String, weights: Weights? = nil, config: String? = "config.json", files: [[String]] = []) {
        self.folder = folder
        self.weights = weights
        self.config = config
        self.files = files
    }

    /// The denoiser of a diffusers folder.
    package static let unet = ModelComponent(folder: "unet", weights: .diffusers)
    /// The autoencoder of a diffusers folder.
    package static let vae = ModelComponent(folder: "vae", weights: .diffusers)
    /// The vocoder of a diffusers folder.
    package static let vocoder = ModelComponent(folder: "vocoder", weights: .transformers)
    /// The text encoder of a diffusers folder.
    package static let textEncoder = ModelComponent(folder: "text_encoder", weights: .transformers)
    /// The byte-pair tokenizer of a diffusers folder.
    package static let tokenizer = ModelComponent(
        folder: "tokenizer", config: nil, files: [["vocab.json", "merges.txt"], ["tokenizer.json"]])
    /// The noise schedule of a diffusers folder.
    package static let scheduler = ModelComponent(folder: "scheduler", config: "scheduler_config.json")

    /// All that `cvssp/audioldm-m-full` and its relatives have.
    package static let audioLDM = [unet, vae, vocoder, textEncoder, tokenizer, scheduler]

    /// All that `stable-diffusion-v1-5/stable-diffusion-v1-5` and its relatives have and an image needs; the safety
    /// checker and its feature extractor are left alone.
    package static let stableDiffusion = [unet, vae, textEncoder, tokenizer, scheduler]

    /// AnimateDiff's motion modules, which are published in a folder of their own.
    package static let motionAdapter = ModelComponent(folder: "", weights: .diffusers)

    /// The folder of a captioner, Florence-2 or Whisper: one network with its tokenizer and what prepares its input.
    package static let captioner = ModelComponent(
        folder: "", weights: .transformers,
        files: [
            ["preprocessor_config.json", "vocab.json", "merges.txt"], ["preprocessor_config.json", "tokenizer.json"],
        ])

    /// Files that may hold the weights, best first: as diffusers and transformers choose, and after them half precision,
    /// which the Python libraries take only when it is asked for.
    func weightNames(variant: String?) -> [String] {
        func names(_ stem: String, _ suffix: String, shardsFirst: Bool, _ variant: String?) -> [String] {
            let mark = variant.map { ".\($0)" } ?? ""
            let single = "\(stem)\(mark).\(suffix)"
            // Both `x.fp16.safetensors.index.json` and `x.safetensors.index.fp16.json` are in circulation.
            let index = ["\(stem).\(suffix).index\(mark).json"] + (mark.isEmpty ? [] : ["\(single).index.json"])
            return shardsFirst ? index + [single] : [single] + index
        }
        func all(_ variant: String?) -> [String] {
            switch weights {
            case nil: []
            case .diffusers:
                names("diffusion_pytorch_model", "safetensors", shardsFirst: true, variant)
                    + names("diffusion_pytorch_model", "bin", shardsFirst: true, variant)
            case .transformers:
                names("model", "safetensors", shardsFirst: false, variant)
                    + names("pytorch_model", "bin", shardsFirst: false, variant)
            }
        }
        return variant == nil ? all(nil) + all("fp16") : all(variant)
    }

    /// The files to name in a command that fetches the component.
    package var usualFiles: [String] {
        let own =
            (config.map { [$0] } ?? []) + (weightNames(variant: nil).first { !$0.contains("index") }.map { [$0] } ?? [])
        return (own + (files.first ?? [])).map(path)
    }

    /// A file's path below the model's folder.
    func path(_ file: String) -> String { folder.isEmpty ? file : "\(folder)/\(file)" }
}
