/// One value for audio and one for video and images.
package struct PerModality<Value: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
    package var audio: Value
    package var video: Value

    package init(audio: Value, video: Value) {
        self.audio = audio
        self.video = video
    }

    /// The value of a modality; captions have none.
    package subscript(modality: Modality) -> Value? {
        switch modality {
        case .audio: audio
        case .video: video
        case .caption: nil
        }
    }
}
