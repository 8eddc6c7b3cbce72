internal import Method
internal import Networks
internal import Torch

/// What the binder sees of frames.
struct BinderLook {
    private let binder: ImageBindModel
    private let input: ImageBindVisionInput
    private let view: View?
    private let dtype: DType
    private let memory: MemoryPolicy

    /// Its indices lie on the device.
    private struct View {
        /// Frames that it looks at, ascending.
        let frames: Tensor
        /// The places in ``frames`` of every clip's frames, clip after clip.
        let places: Tensor
        let clips: Int
        /// Frames of the whole video.
        let count: Int

        init(_ clips: [[Int]], of count: Int, device: Device) throws(TorchError) {
            self.count = count
            let seen = clips.flatMap { $0 }
            let frames = Set(seen).sorted()
            func indices(_ values: [Int]) throws(TorchError) -> Tensor {
                try Tensor(values.map(Int64.init), shape: [values.count]).to(device: device)
            }
            self.frames = try indices(frames)
            places = try indices(seen.compactMap { frames.firstIndex(of: $0) })
            self.clips = clips.count
        }
    }

    /// - Parameters:
    ///   - clipFrames: the frames of each clip that the binder sees; nil for images.
    ///   - frames: of the whole video; 1 for images.
    ///   - height: of the frames, in pixels; likewise the width.
    init(
        _ binder: ImageBindModel, clipFrames: [[Int]]?, frames: Int, height: Int, width: Int, dtype: DType,
        device: Device, memory: MemoryPolicy
    ) throws(TorchError) {
        self.binder = binder
        input = try ImageBindVisionInput(height: height, width: width, device: device)
        view = try clipFrames.map { clips throws(TorchError) in try View(clips, of: frames, device: device) }
        (self.dtype, self.memory) = (dtype, memory)
    }

    /// The frames of a video that it looks at, ascending; nil for images.
    var frames: Tensor? { view?.frames }

    /// The embedding `[B, width]` of whole videos, or of images.
    /// - Parameter pixels: `[B·F, 3, H, W]`, 0…1, those of a sample together.
    func embed(_ pixels: Tensor, _ observer: (any SamplerObserver)?) throws -> Tensor {
        guard let view else { return try embed(seen: pixels, samples: pixels.size(0), observer) }
        let samples = pixels.size(0) / view.count
        let side = Array<Int>(pixels.shape[1...])
        let seen = try pixels.reshape([samples, view.count] + side).select(1, view.frames)
        return try embed(seen: seen.reshape([samples * view.frames.count] + side), samples: samples, observer)
    }

    /// - Parameter pixels: of ``frames`` alone.
    func embed(seen pixels: Tensor, samples: Int, _ observer: (any SamplerObserver)?) throws -> Tensor {
        let clips = try observer.timed("video.transform") {
            let frames = try input(pixels)
            guard let view else { return frames }
            // (B, clips, 3, frames of a clip, 224, 224)
            let side = Array(frames.shape[1...])
            let placed = try frames.reshape([samples, view.frames.count] + side).select(1, view.places)
            return try placed.reshape([samples, view.clips, view.places.count / view.clips] + side)
                .transpose(2, 3)
        }
        observer?.record("bind_in", clips)
        return try observer.timed("video.imagebind") { try binder.vision(clips.to(dtype), memory: memory) }
    }
}
