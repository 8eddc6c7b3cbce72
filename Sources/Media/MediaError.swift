/// Why a file could not be read or written: what failed, what was found, and what would help.
package struct MediaError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds that a caller may treat differently; the names are stable and stand in the output's records.
    package enum Kind: String, Sendable, CaseIterable, Codable {
        /// Nothing exists at the path.
        case notFound
        /// A directory, FIFO, socket or device.
        case notAFile
        /// It exists, but the permissions or the medium do not let it be read.
        case unreadable
        /// A file of zero bytes.
        case empty
        /// No container or image format that FFmpeg knows.
        case unrecognised
        /// A known format whose contents are cut off or damaged.
        case corrupt
        /// No image where one is needed (cover art does not count).
        case noVideoStream
        /// No audio where some is needed.
        case noAudioStream
        /// An image whose width or height is missing or not usable.
        case invalidDimensions
        /// A format, codec, layout or feature that this build of FFmpeg, or this program, does not handle.
        case unsupported
        /// A time or a frame that lies outside of the file.
        case outOfRange
        /// A declared size beyond the limits; nothing was allocated for it.
        case tooLarge
        /// A value given by the caller that cannot be written (no frames, not a number, mixed sizes).
        case invalidInput
        /// Writing failed, or a library ran out of memory; not the input's fault.
        case failed
    }

    /// What kind of failure it is.
    package let kind: Kind
    /// The file as the caller named it; empty for work in memory.
    package let file: String
    /// What was being done, as an infinitive phrase: "read the header".
    package let action: String
    /// What was found, with FFmpeg's or the system's own words where there are any.
    package let found: String
    /// What would help.
    package let remedy: String

    package init(_ kind: Kind, file: String, doing action: String, found: String, remedy: String) {
        self.kind = kind
        self.file = file
        self.action = action
        self.found = found
        self.remedy = remedy
    }

    /// One sentence: file, action, finding and remedy.
    package var description: String {
        let place = file.isEmpty ? "" : "\(file): "
        return "\(place)cannot \(action): \(found); \(remedy)"
    }
}
