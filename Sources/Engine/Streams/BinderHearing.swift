internal import Method
internal import Networks
internal import Torch

/// What the binder hears of waveforms.
struct BinderHearing {
    private let binder: ImageBindModel
    private let input: ImageBindAudioInput
    /// How many.
    private let clips: Int
    private let dtype: DType
    private let memory: MemoryPolicy

    init(
        _ binder: ImageBindModel, _ settings: ClipSettings, clips: Int, dtype: DType, device: Device,
        memory: MemoryPolicy
    ) throws {
        self.binder = binder
        input = try ImageBindAudioInput(settings, device: device)
        (self.clips, self.dtype, self.memory) = (clips, dtype, memory)
    }

    /// - Parameter wave: `[B, samples]` at 16 kHz, −1 … 1.
    func embed(_ wave: Tensor, _ observer: (any SamplerObserver)?) throws -> Tensor {
        try embed(features: observer.timed("audio.fbank") { try input(wave.unsqueeze(1), clips: clips) }, observer)
    }

    /// - Parameter features: of each clip, as the binder takes them.
    func embed(features: Tensor, _ observer: (any SamplerObserver)?) throws -> Tensor {
        observer?.record("bind_in", features)
        return try observer.timed("audio.imagebind") { try binder.audio(features.to(dtype), memory: memory) }
    }
}
