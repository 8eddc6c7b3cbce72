internal import Foundation
internal import Method

extension Job {
    /// `captioner`, which `caption: model` needs and nothing else reads.
    static func captioner(_ top: JobSection, _ preset: Preset, _ source: CaptionSource, _ folder: URL)
        -> CaptionerSettings?
    {
        guard source == .model else {
            if top.has("captioner") {
                top.reject(
                    "captioner", "is set and nothing reads it", "set `caption: model`, or leave `captioner` out")
            }
            // Known, though not needed.
            _ = top.node("captioner")
            return nil
        }
        let section = top.section("captioner")
        var captioner = preset.captioner
        captioner.image = section.text("image").map { model($0, folder) }
        captioner.audio = section.text("audio").map { model($0, folder) }
        captioner.detail = section.choice("detail", default: captioner.detail)
        captioner.style = section.text("style") ?? captioner.style
        captioner.beams = section.integerOrModel("beams", 1...64)
        captioner.maximumTokens = section.integer("max_tokens", 1...1000, default: captioner.maximumTokens)
        captioner.words = section.integer("words", 0...1000, default: captioner.words)
        return captioner
    }
}

extension Preset {
    /// What captions a row that has none: without the models, which a job names.
    var captioner: CaptionerSettings {
        self == .paper ? CaptionerSettings(detail: .detailed, words: 35) : CaptionerSettings()
    }

    /// Which frame of a video stands for it.
    var keyFrames: KeyFrameRule { self == .paper ? .katna : .seehear }
}
