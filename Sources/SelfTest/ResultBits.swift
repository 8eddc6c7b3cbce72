internal import ClipSampling
internal import Engine

/// Every bit of a result, so that two can be compared.
struct ResultBits: Equatable {
    private let waveform: [UInt32]
    private let pixels: [[UInt8]]
    private let latents: [[UInt8]]
    private let losses: [UInt64]

    init(_ result: GenerationResult) {
        waveform = result.audio?.waveform.map(\.bitPattern) ?? []
        pixels = result.video?.frames.map(\.pixels) ?? []
        latents = [result.audio?.latent.bytes, result.video?.latent.bytes].compactMap { $0 }
        losses = result.losses.map(\.bitPattern)
    }
}
