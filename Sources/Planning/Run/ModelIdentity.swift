package import Method

/// The files of one model, by which a run knows it again.
package struct ModelIdentity: Codable, Sendable, Equatable {
    /// The job's key for it: that of a model family, ``captioner(_:)``, or ``labels``.
    package var role: String
    /// The absolute path of the folder or file.
    package var path: String
    /// Its files, by name.
    package var files: [File]
    /// The licence that its model card names; nil where there is none. No part of the run's identity.
    package var license: String?

    /// One file.
    package struct File: Codable, Sendable, Equatable {
        /// The path below the model's folder.
        package var name: String
        package var bytes: Int64
        /// SHA-256 in lower-case hexadecimal, with `input_hash: full`.
        package var sha256: String?
        /// The modification time in nanoseconds since 1970, with `input_hash: stat`.
        package var modified: Int64?

        package init(name: String, bytes: Int64, sha256: String? = nil, modified: Int64? = nil) {
            self.name = name
            self.bytes = bytes
            self.sha256 = sha256
            self.modified = modified
        }
    }

    /// The role of a list of labels, which is no model and identified like one.
    package static let labels = "labels"

    /// The role of what captions a medium: its key in the job.
    package static func captioner(_ medium: CaptionedMedium) -> String { "captioner.\(medium.rawValue)" }

    package init(role: String, path: String, files: [File], license: String? = nil) {
        self.role = role
        self.path = path
        self.files = files
        self.license = license
    }

    /// What is in it, wherever it lies.
    var withoutPlace: ModelIdentity { ModelIdentity(role: role, path: "", files: files) }
}
