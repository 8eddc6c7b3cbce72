internal import Files
internal import Foundation

/// Where a report keeps what it shows.
protocol MediaStore {
    /// Keeps bytes, and says how the page calls them.
    /// - Parameter name: below the folder of media, with an ending of ``MediaType``.
    mutating func keep(_ bytes: [UInt8], as name: String) throws -> String
}

/// In files beside the page.
struct FolderMedia: MediaStore {
    static let name = "media"
    /// Of the report.
    let folder: String

    mutating func keep(_ bytes: [UInt8], as name: String) throws -> String {
        let path = "\(folder)/\(Self.name)/\(name)"
        try FileManager.default.createDirectory(
            atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: path))
        // Keys hold no character that a path of a URL may not, but for these.
        let escaped = name.replacing("%", with: "%25").replacing("#", with: "%23").replacing("?", with: "%3F")
        return "\(Self.name)/\(escaped)"
    }
}

/// In the page itself.
struct InlineMedia: MediaStore {
    mutating func keep(_ bytes: [UInt8], as name: String) throws -> String {
        "data:\(MediaType.of(name) ?? "application/octet-stream");base64,\(Data(bytes).base64EncodedString())"
    }
}

/// What browsers show, by the ending of a file's name.
enum MediaType {
    private static let types = [
        "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/mp4", "webm": "video/webm", "png": "image/png",
        "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif", "avif": "image/avif",
        "flac": "audio/flac", "wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "opus": "audio/ogg",
        "m4a": "audio/mp4",
    ]

    static func of(_ name: String) -> String? {
        name.split(separator: ".").last.flatMap { types[$0.lowercased()] }
    }
}
