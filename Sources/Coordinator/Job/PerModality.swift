/// One value for sound and one for pictures.
package struct PerModality<Value: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
    package var audio: Value
    package var video: Value

    package init(audio: Value, video: Value) {
        self.audio = audio
        self.video = video
    }
}
