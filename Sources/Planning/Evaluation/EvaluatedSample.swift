package import ClipSampling
internal import Files
package import Method
internal import Shard

/// A row of the plan of a run that takes features: a sample that was generated, or one of the reference, and where its picture
/// and its sound are.
package struct EvaluatedSample: PlanRow, Equatable {
    /// Bytes of a sample: a file, or a member in a shard.
    package struct Place: Sendable, Equatable {
        /// The absolute path of the file, or of the shard.
        package var path: String
        /// The member's name after the key, such as `mp4`; nil where the file is all of it.
        package var member: String?
        /// The length of the file, or of the shard.
        package var bytes: Int64
        /// SHA-256 in lower-case hexadecimal, of a shard as its record says; nil for a file.
        package var sha256: String?
        /// The modification time of a file in nanoseconds since 1970; nil for a shard.
        package var modified: Int64?
        /// The part that is looked at; nil: all.
        package var window: Window?

        package init(
            path: String, member: String? = nil, bytes: Int64, sha256: String? = nil, modified: Int64? = nil
        ) {
            self.path = path
            self.member = member
            self.bytes = bytes
            self.sha256 = sha256
            self.modified = modified
        }

        /// A part of a film or a sound.
        package struct Window: Sendable, Equatable {
            /// Seconds from the beginning.
            package var start = 0.0
            /// Seconds; nil: to the end.
            package var seconds: Double?
            /// Frames a second that are looked at, as FFmpeg's filter `fps` shows them; nil: the film's own.
            package var rate: Double?
            /// No more frames than these.
            package var frames: Int?

            package init(start: Double = 0, seconds: Double? = nil, rate: Double? = nil, frames: Int? = nil) {
                self.start = start
                self.seconds = seconds
                self.rate = rate
                self.frames = frames
            }

            /// Where it begins, as it was written.
            package var begin: Fraction { Fraction(asWritten: start) ?? 0 }
            /// How long it is, as it was written; nil: to the end.
            package var length: Fraction? { seconds.flatMap(Fraction.init(asWritten:)) }
        }

        /// Whether it is a picture, by its name.
        package var isPicture: Bool {
            guard let suffix = (member ?? path).split(separator: ".").last else { return false }
            return MediaFolder.Kind.picture.extensions.contains(suffix.lowercased())
        }
    }

    /// The place in the plan, from 0: the generated side first, each side by name.
    package var index: Int
    package var side: FeatureJob.Side
    /// The sample's own key, or its files' name without extension.
    package var name: String
    /// Frames, or a picture; nil where the sample has none, or no feature looks at any.
    package var picture: Place?
    /// Sound, which may be that of the film; nil where the sample has none, or no feature listens.
    package var sound: Place?
    /// What it is said to show; nil where nobody says.
    package var prompt: String?
    package var batch: Int
    package var shard: Int
    package var error: PlannedError?

    package init(
        index: Int, side: FeatureJob.Side, name: String, picture: Place?, sound: Place?, prompt: String? = nil,
        batch: Int = 0, shard: Int = 0, error: PlannedError? = nil
    ) {
        self.index = index
        self.side = side
        self.name = name
        self.picture = picture
        self.sound = sound
        self.prompt = prompt
        self.batch = batch
        self.shard = shard
        self.error = error
    }

    /// The side and the name; of a name that no key can have, what is left of it and the beginning of its hash.
    package var key: String {
        let plain = side.prefix + name
        if (try? SampleKey.validate(plain)) != nil { return plain }
        let kept = String(
            decoding: name.utf8.map { Self.isPlain($0) ? $0 : UInt8(ascii: "_") }.prefix(60), as: UTF8.self)
        return "\(side.prefix)\(kept)~\(SHA256.hexadecimalDigest(of: Array(name.utf8)).prefix(12))"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"./\\".utf8.contains(byte)
    }

    package var listed: ListedRow { ListedRow(task: side.rawValue, seed: 0, prompt: prompt) }

    package func fields(otherThanIn row: any PlanRow) -> [String] {
        guard let row = row as? EvaluatedSample else { return ["kind"] }
        func exact(_ text: String?) -> ExactText? { text.map(ExactText.init) }
        let fields: [(String, Bool)] = [
            ("name", side != row.side || exact(name) != exact(row.name)),
            ("picture", picture != row.picture || exact(picture?.path) != exact(row.picture?.path)),
            ("sound", sound != row.sound || exact(sound?.path) != exact(row.sound?.path)),
            ("prompt", exact(prompt) != exact(row.prompt)), ("error", error != row.error),
            ("batch", batch != row.batch || shard != row.shard),
        ]
        return fields.filter(\.1).map(\.0)
    }
}

extension EvaluatedSample {
    /// The sample with the places alone that features look at.
    package func only(for features: [Feature]) -> EvaluatedSample {
        var sample = self
        if !features.contains(where: \.sees) { sample.picture = nil }
        if !features.contains(where: \.hears) { sample.sound = nil }
        return sample
    }
}
