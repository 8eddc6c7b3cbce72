/// What a report shows, as its page and whoever reads its JSON get it. Absent values are left out.
package struct ReportContent: Encodable, Sendable, Equatable {
    /// It changes where a field changes its meaning or goes.
    package var schema = "seehear.report/1"
    /// In the order in which they were named; the first is what the others are compared with.
    package let runs: [ReportedRun]
    /// Every sample of any run, in the order of the first run's plan, then of the others'.
    package let samples: [ReportedSample]

    package init(runs: [ReportedRun], samples: [ReportedSample]) {
        self.runs = runs
        self.samples = samples
    }
}

/// One sample, with what became of it in each run.
package struct ReportedSample: Encodable, Sendable, Equatable {
    package let key: String
    package let task: String
    package let prompt: String?
    /// As text: scripts round numbers above 2^53.
    package let seed: String
    /// Seconds; 0 for images.
    package let duration: Double
    /// By run; nil where a run has no such sample.
    package var results: [Result?]
    /// Of samples that are shown.
    package var given: ReportedMedia?

    package init(
        key: String, task: String, prompt: String?, seed: UInt64, duration: Double, results: [Result?],
        given: ReportedMedia? = nil
    ) {
        self.key = key
        self.task = task
        self.prompt = prompt
        self.seed = "\(seed)"
        self.duration = duration
        self.results = results
        self.given = given
    }

    /// What became of a sample in a run.
    package struct Result: Encodable, Sendable, Equatable {
        package enum State: String, Encodable, Sendable {
            case ok, failed, pending
        }

        package var state: State
        /// Why it failed: the kind, and a sentence.
        package var kind: String?
        package var message: String?
        /// The binder's score; ``inObjective`` where guides worked on it or chose by it.
        package var score: Double?
        package var inObjective: Bool?
        /// At each guided step; what is not finite is left out.
        package var losses: [Double]
        /// Of its batch.
        package var seconds: Double?
        /// What an evaluation gave it, by metric.
        package var values: [String: Double]?
        /// The caption that it was made from, where that is not its prompt.
        package var caption: String?
        /// What the binder found in a list, the heaviest first.
        package var words: [Word]?
        /// Of samples that are shown.
        package var made: ReportedMedia?

        package init(state: State, losses: [Double] = []) {
            self.state = state
            self.losses = losses
        }
    }

    package struct Word: Encodable, Sendable, Equatable {
        package let text: String
        package let weight: Double

        package init(text: String, weight: Double) {
            self.text = text
            self.weight = weight
        }
    }
}

/// Something to look at or listen to, in files of the report: places below its page, or `data:` where it is one file.
package struct ReportedMedia: Encodable, Sendable, Equatable {
    package enum Kind: String, Encodable, Sendable {
        case video, image, audio
    }

    package let kind: Kind
    /// nil where the file cannot be shown by a browser; ``note`` says why.
    package var file: String?
    /// Of a video: its first frame.
    package var poster: String?
    /// Of a video or sound that is part of a longer file: seconds at which it begins and ends there.
    package var window: [Double]?
    /// What is heard of it.
    package var sound: ReportedSound?
    package var note: String?

    package init(kind: Kind) { self.kind = kind }
}

/// A drawn sound.
package struct ReportedSound: Encodable, Sendable, Equatable {
    package let seconds: Double
    /// The lowest and the highest sample of each of equally long parts, in turn, in hundredths of full scale.
    package let wave: [Int]
    /// When sounds begin, in seconds.
    package let onsets: [Double]
    /// A picture of its mel spectrogram, 128 bins from 0 to 11 kHz upwards.
    package var mel: String?

    package init(seconds: Double, wave: [Int], onsets: [Double], mel: String?) {
        self.seconds = seconds
        self.wave = wave
        self.onsets = onsets
        self.mel = mel
    }
}
