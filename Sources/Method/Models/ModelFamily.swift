/// A published model that the method joins with others; the raw value is its key under `models` in a job file, and its role
/// in a run's records.
package enum ModelFamily: String, Codable, Sendable, CaseIterable {
    case audioLDM = "audio"
    case stableDiffusion = "image"
    case animateDiff = "motion"
    case imageBind = "binder"
    case mmDiffusion = "mm"
    /// MM-Diffusion's own, for finished frames.
    case upscaler

    /// What a job file has to name, as the end of a sentence.
    package var reference: String {
        switch self {
        case .audioLDM: "the AudioLDM pipeline, a diffusers folder or a repo id"
        case .stableDiffusion: "Stable Diffusion 1.5, a diffusers folder or a repo id"
        case .animateDiff: "AnimateDiff's motion adapter: a folder, a repo id or a .ckpt file"
        case .mmDiffusion: "MM-Diffusion's base model, landscape.pt or AIST++.pt"
        case .upscaler: "MM-Diffusion's super-resolution model, landscape_SR.pt or AIST++_SR.pt"
        case .imageBind: "ImageBind, a .pth or safetensors file, a folder or a repo id"
        }
    }

    /// Bytes of AudioLDM's latent at half precision: 8 × 25 × 16 values a second.
    static func latentBytes(audio duration: Double) -> Double { 2 * 8 * 25 * 16 * duration }

    /// Bytes of Stable Diffusion's latent at half precision: 4 × h/8 × w/8 values for each frame.
    static func latentBytes(pixels: Double) -> Double { 2 * 4 * pixels / 64 }
}
