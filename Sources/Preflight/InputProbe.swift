package import Planning

/// What a media file is, as far as a plan needs to know.
package struct ProbedInput: Sendable, Equatable {
    /// Seconds of the video, or of the audio where there is none; nil for images, and where nothing tells.
    package var duration: Double?
    /// Seconds of the audio; nil where there is none, and where nothing tells.
    package var audioDuration: Double?
    /// Columns and rows of the image as shown; nil where there is none.
    package var width: Int?
    package var height: Int?
    /// Whether there is audio.
    package var hasAudio: Bool
    /// Whether the file is a still image.
    package var isImage: Bool
    /// Why there is no video or image that can be used; nil where there is one, or nothing more is known.
    package var videoFault: InputProbeError?
    /// Why there is no audio that can be used; nil where there is some, or nothing more is known.
    package var audioFault: InputProbeError?

    package init(
        duration: Double?, audioDuration: Double? = nil, width: Int?, height: Int?, hasAudio: Bool, isImage: Bool,
        videoFault: InputProbeError? = nil, audioFault: InputProbeError? = nil
    ) {
        self.duration = duration
        self.audioDuration = audioDuration
        self.width = width
        self.height = height
        self.hasAudio = hasAudio
        self.isImage = isImage
        self.videoFault = videoFault
        self.audioFault = audioFault
    }
}

/// Looks into media files. Calls block, and come from many threads at once.
package protocol InputProbe: Sendable {
    /// Reads a file's headers.
    /// - Throws: ``InputProbeError``.
    func probe(_ path: String) throws(InputProbeError) -> ProbedInput
}

/// Why a media file cannot be used.
package struct InputProbeError: Error, Sendable, Equatable {
    /// A short stable name, `notFound` for one.
    package let kind: String
    /// What was found, without the path.
    package let found: String
    /// What would help.
    package let remedy: String

    package init(kind: String, found: String, remedy: String) {
        self.kind = kind
        self.found = found
        self.remedy = remedy
    }
}

/// Finds and checks model files. Calls block.
package protocol ModelProbe: Sendable {
    /// The files of every model that the job names, or what is wrong with them, all of it.
    func inspect(_ job: Job) -> ModelInspection
}

/// What a ``ModelProbe`` found.
package struct ModelInspection: Sendable, Equatable {
    /// The models that are complete.
    package var models: [ModelIdentity]
    /// One sentence for each problem.
    package var problems: [String]
    /// The most frames that the motion adapter has positions for; nil where the job names none, or its files do not tell.
    package var maximumFrames: Int?
    /// Entries of the list of labels; nil where the job uses none.
    package var labels: Int?

    package init(
        models: [ModelIdentity] = [], problems: [String] = [], maximumFrames: Int? = nil, labels: Int? = nil
    ) {
        self.models = models
        self.problems = problems
        self.maximumFrames = maximumFrames
        self.labels = labels
    }

    /// The inspection with what further looks find; files that have a problem are not looked at further.
    package func followed(by looks: [() throws -> Void]) -> ModelInspection {
        guard problems.isEmpty else { return self }
        var inspection = self
        for look in looks {
            do { try look() } catch { inspection.problems.append("\(error)") }
        }
        return inspection
    }
}
