internal import Files
internal import Foundation
internal import JSON

/// Samples that a file lists, one JSON object a line, and what of each is looked at: so that a reference needs no copies that are
/// cut to length, and no picture is compressed a second time.
struct EvaluatedList {
    static let suffix = ".jsonl"

    private struct Line {
        var name = ""
        var video: String?
        var audio: String?
        var prompt: String?
        var window = EvaluatedSample.Place.Window()
    }

    private let path: String
    private let lines: [Line]

    /// - Throws: ``EvaluatedSetError`` that names the line.
    init(_ path: String) throws(EvaluatedSetError) {
        self.path = path
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: path, limit: 1 << 30)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        var lines: [Line] = []
        var names: [ExactText: Int] = [:]
        for (number, text) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        {
            guard !text.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) else { continue }
            do throws(JSONError) {
                lines.append(try Self.line(Array(text)))
            } catch {
                throw .list(path: path, line: number + 1, found: error.description)
            }
            if let first = names.updateValue(number + 1, forKey: ExactText(lines[lines.count - 1].name)) {
                throw .list(path: path, line: number + 1, found: "the name stands in line \(first) already")
            }
        }
        guard !lines.isEmpty else { throw .noMedia(path: path) }
        self.lines = lines
    }

    private static func line(_ bytes: [UInt8]) throws(JSONError) -> Line {
        var line = Line()
        var reader = JSONReader(bytes)
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "name": line.name = try reader.string()
            case "video": line.video = try reader.string()
            case "audio": line.audio = try reader.string()
            case "prompt": line.prompt = try reader.string()
            case "start": line.window.start = try reader.double()
            case "seconds": line.window.seconds = try reader.double()
            case "rate": line.window.rate = try reader.double()
            case "frames": line.window.frames = try reader.integer()
            default: throw reader.error("the field `\(key)` is unknown")
            }
        }
        try reader.end()
        guard !line.name.isEmpty, line.video != nil || line.audio != nil else {
            throw reader.error("name, or video and audio, are missing")
        }
        let (window, most) = (line.window, 86_400.0)
        guard (0...most).contains(window.start), window.seconds.map({ $0 > 0 && $0 <= most }) ?? true,
            window.rate.map({ $0 > 0 && $0 <= 1000 }) ?? true,
            window.frames.map({ (1...100_000).contains($0) }) ?? true,
            window.rate != nil || window.frames == nil
        else { throw reader.error("start, seconds, rate or frames is out of range, or frames is without a rate") }
        return line
    }

    /// In the order of their names. Relative paths begin at the list's folder.
    /// - Throws: ``EvaluatedSetError`` for a file that is not there.
    func samples(_ side: FeatureJob.Side) throws(EvaluatedSetError) -> [EvaluatedSample] {
        let folder = URL(filePath: path).deletingLastPathComponent()
        var samples: [EvaluatedSample] = []
        for line in lines {
            func place(_ file: String?) throws(EvaluatedSetError) -> EvaluatedSample.Place? {
                guard let file else { return nil }
                let path = URL(filePath: file, relativeTo: folder).standardizedFileURL.path
                do throws(FileError) {
                    let identity = try FileIdentity(path: path, hashing: false)
                    var place = EvaluatedSample.Place(
                        path: path, bytes: identity.bytes, modified: identity.modified)
                    if line.window != .init() { place.window = line.window }
                    return place
                } catch {
                    throw .unreadable(path: path, reason: error.reason)
                }
            }
            let film = try place(line.video)
            samples.append(
                EvaluatedSample(
                    index: 0, side: side, name: line.name, picture: film, sound: try place(line.audio) ?? film,
                    prompt: line.prompt))
        }
        return samples.sorted { ExactText($0.name) < ExactText($1.name) }
    }
}
