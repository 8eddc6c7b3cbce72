internal import Checkpoint
package import Engine
package import Foundation
package import Networks
internal import Synchronization
package import Torch

/// The models that goldens were made with, in one precision on one device, each loaded when it is first asked for.
package final class ParityModels: Sendable {
    /// Where they lie: `audioldm`, `sd15`, `motion_adapter` and `imagebind`.
    package let folder: URL
    /// Of weights and activations.
    package let dtype: DType
    package let device: Device
    private let loaded = Mutex(Loaded())

    private struct Loaded {
        var audio: AudioLDMModels?
        var video: StableDiffusionModels?
        var binder: BinderModel?
    }

    package init(_ folder: URL, dtype: DType = .float32, device: Device = .cpu) {
        self.folder = folder
        self.dtype = dtype
        self.device = device
    }

    /// What latents, prompt embeddings and conditions are kept in: at least single precision, as everywhere.
    package var stateType: DType { dtype == .float64 ? .float64 : .float32 }

    /// AudioLDM.
    package var audio: AudioLDMModels {
        get throws {
            try load(\.audio) { try AudioLDMModels(ModelFolder(location("audioldm")), dtype: dtype, device: device) }
        }
    }

    /// Stable Diffusion, with the motion adapter.
    package var video: StableDiffusionModels {
        get throws {
            try load(\.video) {
                try StableDiffusionModels(
                    ModelFolder(location("sd15")), motion: MotionAdapterFiles(location("motion_adapter")),
                    dtype: dtype, device: device)
            }
        }
    }

    /// ImageBind.
    package var binder: BinderModel {
        get throws {
            try load(\.binder) { try BinderModel(ImageBindFiles(location("imagebind")), dtype: dtype, device: device) }
        }
    }

    private func location(_ name: String) throws -> ModelLocation {
        try HuggingFaceCache().resolve(folder.appending(path: name).path)
    }

    private func load<Model: Sendable>(
        _ place: WritableKeyPath<Loaded, Model?>, _ make: () throws -> Model
    ) throws -> Model {
        try loaded.withLock { loaded in
            if let model = loaded[keyPath: place] { return model }
            let model = try make()
            loaded[keyPath: place] = model
            return model
        }
    }
}
