internal import Method

/// What a run that redraws pictures does: those of a manifest, and the frames that stand for its videos.
package struct PictureJob: Codable, Sendable, Equatable {
    /// How the manifest and its files are read. What redrawing does not depend on is left out.
    package var job: Job
    /// The absolute path of the generator's weights.
    package var model: String
    /// Whether a picture stays as bright as the photograph was.
    package var keepsBrightness: Bool

    package init(_ job: Job, model: String, keepsBrightness: Bool) {
        self.job = job.forRecords
        self.model = model
        self.keepsBrightness = keepsBrightness
    }

    private enum CodingKeys: String, CodingKey {
        case job, model
        case keepsBrightness = "keeps_brightness"
    }

    /// The role of the generator in a run's records.
    package static let role = "paprika"

    /// Without the places it was read from and without what leaves every byte of the shards as it is.
    var withoutPlaces: PictureJob {
        var pictures = self
        pictures.job = job.withoutPlaces
        pictures.model = ""
        return pictures
    }
}
