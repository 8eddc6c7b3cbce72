internal import Files
internal import Method

/// A folder's films, sounds and pictures, by name: files of one name but for their extension are one sample.
struct MediaFolder {
    /// What a file holds, by its extension alone.
    enum Kind: CaseIterable {
        case film, sound, picture

        var extensions: Set<String> {
            switch self {
            case .film: ["mp4", "mkv", "webm", "mov", "avi", "m4v"]
            case .sound: ["wav", "flac", "mp3", "ogg", "opus", "m4a", "aac"]
            case .picture: ["png", "jpg", "jpeg", "webp", "bmp"]
            }
        }

        /// What of a job's input it can be.
        var input: InputKind {
            switch self {
            case .film: .video
            case .sound: .audio
            case .picture: .image
            }
        }

        /// Of a file's name; nil for files that are no media, and for hidden ones.
        init?(file: String) {
            guard !file.hasPrefix("."), let dot = file.lastIndex(of: "."),
                let kind = Self.allCases.first(where: {
                    $0.extensions.contains(file[file.index(after: dot)...].lowercased())
                })
            else { return nil }
            self = kind
        }
    }

    /// One sample's files, as names in the folder.
    struct Entry: Equatable {
        let name: String
        /// A film, or else a picture.
        var picture: String?
        /// A sound file, or else the film.
        var sound: String?
    }

    /// By name, in the order of their bytes.
    let entries: [Entry]

    /// - Throws: ``EvaluatedSetError`` for a folder that cannot be read, that has no such files, or where one name stands for
    ///   two of a kind.
    init(_ path: String) throws(EvaluatedSetError) {
        guard PathKind(path) != .nothing else { throw .nothingThere(path: path) }
        let names: [String]
        do throws(FileError) {
            names = try Directory.names(in: path)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        var found: [ExactText: [(kind: Kind, file: String)]] = [:]
        for file in names {
            guard let kind = Kind(file: file), let dot = file.lastIndex(of: ".") else { continue }
            found[ExactText(String(file[..<dot])), default: []].append((kind, file))
        }
        guard !found.isEmpty else { throw .noMedia(path: path) }
        try Self.refuseTwins(found, path)
        entries = found.sorted { $0.key < $1.key }.map { name, files in
            func file(_ kind: Kind) -> String? { files.first { $0.kind == kind }?.file }
            return Entry(
                name: name.text, picture: file(.film) ?? file(.picture), sound: file(.sound) ?? file(.film))
        }
    }

    /// One of the other systems' files would hide the other; and who would say which of two sounds is meant?
    private static func refuseTwins(
        _ found: [ExactText: [(kind: Kind, file: String)]], _ path: String
    ) throws(EvaluatedSetError) {
        var folded: [ExactText: ExactText] = [:]
        for (name, files) in found.sorted(by: { $0.key < $1.key }) {
            for kind in Kind.allCases {
                let same = files.filter { $0.kind == kind }.map(\.file)
                if same.count > 1 { throw .twins(path: path, same[0], same[1], differIn: "extension") }
            }
            let lower = ExactText(name.text.lowercased())
            if let other = folded[lower], let first = found[other]?.first?.file, let second = files.first?.file {
                throw .twins(path: path, first, second, differIn: "case")
            }
            folded[lower] = name
        }
    }
}

/// Why a set of samples cannot be evaluated.
package enum EvaluatedSetError: Error, Equatable, CustomStringConvertible {
    case nothingThere(path: String)
    case unreadable(path: String, reason: String)
    case noMedia(path: String)
    case noShards(path: String)
    case twins(path: String, String, String, differIn: String)
    case isEvaluation(path: String)
    case list(path: String, line: Int, found: String)
    case run(String)

    package var description: String {
        switch self {
        case .nothingThere(let path):
            "\(path) is not there: give a run directory, a folder of media files, or a list of them"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .noMedia(let path):
            "\(path) is no run and has no media files: give the folder in which the .mp4, .wav, .flac or .png files are themselves"
        case .noShards(let path): "\(path) is a run without a finished shard: let it go on, with seehear-worker \(path)"
        case .twins(let path, let one, let other, let difference):
            "\(path): \(one) and \(other) differ only in \(difference), so it is unclear which one is meant: remove one of them"
        case .isEvaluation(let path):
            "\(path) holds features, and no samples: give the run or folder that they were taken of"
        case .list(let path, let line, let found):
            "\(path):\(line): \(found); a line is {\"name\": …, \"video\": …, \"audio\": …, \"start\": …, \"seconds\": …, \"rate\": …, \"frames\": …}, of which name and one of the files are needed"
        case .run(let sentence): sentence
        }
    }
}
