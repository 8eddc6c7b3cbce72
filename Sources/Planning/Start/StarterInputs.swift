internal import Files
internal import Foundation
package import Method

/// What somebody has who has no manifest yet: media files, or prompts.
package struct StarterInputs: Sendable, Equatable {
    /// Media with absolute paths, in the order in which they were named, each once.
    package private(set) var media: [ManifestInput] = []
    package private(set) var prompts: [String] = []

    /// Looks at what was named: a media file, a folder (with those in it), or a text file that lists media or prompts, one a
    /// line. Blocks.
    /// - Throws: ``StarterError``.
    package init(_ arguments: [String]) throws(StarterError) {
        for argument in arguments {
            let path = URL(filePath: argument).standardizedFileURL.path
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
        let name = URL(filePath: path).lastPathComponent
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
        let root = ManifestRoot(URL(filePath: path).deletingLastPathComponent())
        for line in text.split(whereSeparator: \.isNewline).map({ $0.trimmingCharacters(in: .whitespaces) })
        where !line.isEmpty && !line.hasPrefix("#") {
            let place = root.path(of: line)
            let name = URL(filePath: place).lastPathComponent
            if MediaFolder.Kind(file: name) != nil, PathKind(place) == .file {
                add(media: place, name)
            } else {
                prompts.append(line)
            }
        }
    }

    private mutating func add(media path: String, _ name: String) {
        guard let kind = MediaFolder.Kind(file: name) else { return }
        media.append(ManifestInput(kind: kind.input, path: path))
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
