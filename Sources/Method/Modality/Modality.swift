/// What a latent or an embedding is of. An image is a video of one frame.
package enum Modality: String, Codable, Sendable, CaseIterable {
    case audio, video, caption
}
