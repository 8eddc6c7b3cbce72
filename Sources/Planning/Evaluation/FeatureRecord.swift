/// What is known of a sample whose features were taken: the `json` member of the features' shards.
package struct FeatureRecord: Codable, Sendable, Equatable {
    package var side: FeatureJob.Side
    /// The sample's own name.
    package var name: String
    /// Seconds of the sound and of the film, as they were read; nil where nothing was looked at.
    package var soundSeconds: Double?
    package var filmSeconds: Double?
    /// Frames that were read, and how many a second.
    package var frames: Int?
    package var frameRate: Double?
    /// The sound's largest deflection, 0…1 and above.
    package var peak: Double?
    /// Whether there is a sound, and nothing in it.
    package var isSilent = false
    /// Features that could not be taken, each with the reason.
    package var problems: [String: String]

    package init(side: FeatureJob.Side, name: String, problems: [String: String] = [:]) {
        self.side = side
        self.name = name
        self.problems = problems
    }

    private enum CodingKeys: String, CodingKey {
        case side, name, frames, peak, problems
        case isSilent = "silent"
        case soundSeconds = "sound_seconds"
        case filmSeconds = "film_seconds"
        case frameRate = "fps"
    }
}
