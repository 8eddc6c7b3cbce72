internal import Files
package import Method

/// What somebody has who has no manifest yet: media files, or prompts.
package struct StarterInputs: Sendable, Equatable {
    /// Media, by kind and absolute path, without those that are named twice.
    package private(set) var media: [ManifestInput] = []
    package private(set) var prompts: [String] = []

    /// Looks at what was named: a media file, a folder (with those in it), or a text file that lists media or prompts, one a
    /// line. Blocks.
    /// - Throws: ``StarterError``.
    package init(_ arguments: [String], from folder: String) throws(StarterError) {
        for argument in arguments {
            let path = Self.absolute(argument, folder)
            switch PathKind(path) {
            case .nothing: throw .nothingThere(argument)
            case .folder:
                let before = media.count
                try add(folder: path)
                guard media.count > before else { throw .noMedia(argument) }
            case .file: try add(file: path, named: argument)
            }
        }
        var seen: Set<ExactText> = []
        media = media.filter { seen.insert(ExactText($0.path)).inserted }
    }

    private mutating func add(folder path: String) throws(StarterError) {
        let names: [String]
        do throws(FileError) {
            names = try Directory.names(in: path)
        } catch {
            throw .unreadable(path, error.reason)
        }
        for name in names where !name.hasPrefix(".") {
            let place = "\(path)/\(name)"
            switch PathKind(place) {
            case .folder: try add(folder: place)
            case .file: add(media: place, name)
            case .nothing: break
            }
        }
    }

    private mutating func add(file path: String, named argument: String) throws(StarterError) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if MediaFolder.Kind(file: name) != nil { return add(media: path, name) }
        guard name.lowercased().hasSuffix(".txt") else { throw .noMedia(argument) }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: path, limit: Manifest.maximumBytes)
        } catch {
            throw .unreadable(argument, error.reason)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(argument, "it is not UTF-8 text")
        }
        let parent = path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        for line in text.split(whereSeparator: \.isNewline).map({ $0.trimmed }) where !line.isEmpty {
            if line.hasPrefix("#") { continue }
            let place = Self.absolute(line, parent)
            let end = place.split(separator: "/").last.map(String.init) ?? place
            if MediaFolder.Kind(file: end) != nil, PathKind(place) == .file {
                add(media: place, end)
            } else {
                prompts.append(line)
            }
        }
    }

    private mutating func add(media path: String, _ name: String) {
        guard let kind = MediaFolder.Kind(file: name) else { return }
        let input: InputKind =
            switch kind {
            case .film: .video
            case .sound: .audio
            case .picture: .image
            }
        media.append(ManifestInput(kind: input, path: path))
    }

    private static func absolute(_ path: String, _ folder: String) -> String {
        var parts: [Substring] = []
        for part in (path.hasPrefix("/") ? path : "\(folder)/\(path)").split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        let end = start.lastIndex { !$0.isWhitespace }
        return end.map { String(start[...$0]) } ?? ""
    }
}

/// Why there is nothing to begin with.
package enum StarterError: Error, Sendable, Equatable, CustomStringConvertible {
    case nothingThere(String)
    case unreadable(String, String)
    case noMedia(String)
    /// A task that cannot be made of what was named.
    case unfit(GenerationTask, needs: String)
    /// What would be written is there already.
    case exists(String)

    package var description: String {
        switch self {
        case .nothingThere(let path):
            "\(path) is not there: name a folder, media files, or a text file with one of them a line"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .noMedia(let path):
            "\(path) is no media file and holds none: videos, images and sounds are told by the ends of their names, such as "
                + ".mp4, .png and .wav; a list or prompts end with .txt"
        case .unfit(let task, let needs):
            "none of what was named can be used by task \(task.rawValue), which needs \(needs)"
        case .exists(let path): "\(path) is there already: remove it, or name another folder with --out"
        }
    }
}
