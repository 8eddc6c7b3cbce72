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
        captioner.server = server(section)
        captioner.maximumTokens = section.integer(
            "max_tokens", 1...1000, default: captioner.server == nil ? captioner.maximumTokens : 96)
        captioner.words = section.integer("words", 0...1000, default: captioner.words)
        return captioner
    }

    private static func server(_ section: JobSection) -> CaptionServerSettings? {
        guard let url = section.text("server") else {
            for key in ["model", "prompt", "parallel", "timeout", "audio_part"] where section.has(key) {
                section.reject(key, "is set and nothing reads it", "name a server with `server`, or leave it out")
                _ = section.node(key)
            }
            return nil
        }
        var server = CaptionServerSettings(url: url.hasSuffix("/") ? String(url.dropLast()) : url)
        let parts = URLComponents(string: url)
        if parts?.host?.isEmpty ?? true || !["http", "https"].contains(parts?.scheme) || parts?.query != nil
            || parts?.fragment != nil
        {
            section.reject("server", "is \(url)", "it must be an address such as http://node7:8000/v1")
        } else if parts?.user != nil || parts?.password != nil {
            section.reject(
                "server", "holds a user or a password", "keys come from the environment alone: SEEHEAR_CAPTION_KEY")
        }
        server.model = section.text("model")
        let prompts = section.section("prompt")
        server.imagePrompt = prompts.text("image") ?? server.imagePrompt
        server.audioPrompt = prompts.text("audio") ?? server.audioPrompt
        server.parallel = section.integer(
            "parallel", CaptionServerSettings.parallelRange, default: server.parallel)
        let seconds = CaptionServerSettings.timeoutRange
        server.timeout = section.number(
            "timeout", .init(lower: seconds.lowerBound, upper: seconds.upperBound), default: server.timeout)
        server.audioPart = section.choice("audio_part", default: server.audioPart)
        return server
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
