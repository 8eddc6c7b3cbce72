/// A layout of keys that this program does not read and people have files of.
enum ForeignLayout: CaseIterable {
    /// One file with all of a latent diffusion model, as CompVis, Stability and AudioLDM's own program store it.
    case latentDiffusion
    /// Changes to a model's weights, without the weights.
    case lora
    /// The original program's vocoder.
    case hifiGAN
    /// OpenAI's CLIP, or OpenCLIP.
    case openCLIP

    /// Recognises one by its keys; nil where they are none of these.
    init?(_ names: [String]) {
        guard let layout = Self.allCases.first(where: { layout in names.contains(where: layout.has) }) else {
            return nil
        }
        self = layout
    }

    private func has(_ name: String) -> Bool {
        switch self {
        case .latentDiffusion:
            name.contains("input_blocks.") || name.hasPrefix("first_stage_model.")
                || name.hasPrefix("cond_stage_model.")
        case .lora: name.contains("lora_") || name.contains(".lora.")
        case .hifiGAN: name.hasPrefix("ups.") || name.hasPrefix("generator.ups.")
        case .openCLIP: name.contains("transformer.resblocks.")
        }
    }

    /// What the file is and what to do, as the end of a sentence.
    var sentence: String {
        switch self {
        case .latentDiffusion:
            "its keys are those of the original latent diffusion programs; convert it to diffusers' folders with the scripts in diffusers' repository (scripts/convert_original_stable_diffusion_to_diffusers.py), or fetch these"
        case .lora:
            "it is a LoRA, which changes a model and is none; merge it into its model with diffusers (fuse_lora) and save that"
        case .hifiGAN:
            "its keys are those of the original HiFi-GAN program; convert it with transformers (models/speecht5/convert_hifigan.py)"
        case .openCLIP: "its keys are those of OpenAI's CLIP program; fetch the model as transformers stores it"
        }
    }
}
