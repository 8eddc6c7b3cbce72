internal import Engine
package import Goldens
internal import Networks
internal import Torch

/// The networks of the random `sd15` and `motion_adapter` in single precision, as transformers and diffusers compute them:
/// `pictures.safetensors`.
package enum PictureGoldens {
    /// One of them.
    package struct Comparison: Sendable {
        package let name: String
        package let shape: [Int]
        /// Relative rms.
        package let difference: Double
    }

    /// Embeddings of empty, short and overlong prompts, the noise predicted for images and clips, decoded frames.
    package static func compare(_ models: ParityModels, with goldens: GoldenFile) throws -> [Comparison] {
        let video = try models.video
        func drawn(_ seed: UInt64, _ shape: [Int]) throws -> Tensor {
            try randn(seed, shape).to(models.dtype, device: models.device)
        }
        let y = try drawn(1, [2, 77, video.textEncoder.configuration.hiddenSize])
        let results: [(String, Tensor)] = [
            (
                "embed",
                try video.embed(
                    ["", "A dog barking in the rain, photo-realistic", String(repeating: "waves ", count: 90)])
            ),
            ("still", try video.unet(drawn(2, [2, 4, 9, 7]), timestep: 501, context: y)),
            (
                "clips",
                try video.unet(
                    drawn(3, [16, 4, 9, 7]), timestep: 501, context: y, motion: video.motion, frames: 8)
            ),
            ("decoded", try video.vae.decode(drawn(4, [3, 4, 5, 6]))),
        ]
        return try results.map { name, tensor in
            Comparison(name: name, shape: tensor.shape, difference: try goldens.relativeDifference(name, tensor))
        }
    }
}
