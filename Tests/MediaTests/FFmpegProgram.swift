import Foundation
import TestSupport
import Testing

/// A temporary folder in which a test makes its media with the `ffmpeg` program; removed with the value.
final class Studio {
    private let temporary: TemporaryFolder
    var folder: URL { temporary.url }

    init() throws { temporary = try TemporaryFolder() }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Runs `ffmpeg -y ARGUMENTS` in the folder; the arguments are separated by spaces, `'…'` keeps some together.
    @discardableResult
    func ffmpeg(_ arguments: String) throws -> Data {
        try run(
            ["ffmpeg", "-y", "-nostdin", "-v", "error"]
                + arguments.split(separator: "'", omittingEmptySubsequences: false).enumerated().flatMap { i, part in
                    i % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
                })
    }

    /// What `ffprobe` says of the fields of a file's streams, comma-separated, in its own order; one line a stream.
    func ffprobe(_ name: String, _ fields: String) throws -> String {
        let data = try run(["ffprobe", "-v", "error", "-show_entries", "stream=\(fields)", "-of", "csv=p=0", name])
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The names of the formats that `ffmpeg` reads.
    func demuxers() throws -> Set<String> {
        let lines = String(decoding: try run(["ffmpeg", "-hide_banner", "-demuxers"]), as: UTF8.self).split(
            separator: "\n")
        return Set(lines.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) })
    }

    private func run(_ command: [String]) throws -> Data {
        let outcome = try Running(command[0], Array(command.dropFirst()), in: folder).blockingOutcome()
        try #require(outcome.code == 0, "\(command.joined(separator: " ")): \(outcome.errors)")
        return outcome.data
    }

    /// Makes a file with ffmpeg; returns its path.
    func make(_ name: String, _ arguments: String) throws -> String {
        try ffmpeg("\(arguments) \(name)")
        return path(name)
    }

    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try temporary.write(bytes, to: name)
    }

    /// All frames as RGB, converted by the program with the same settings as this module; `options` before `-i`.
    func reference(_ name: String, _ options: String = "", filter: String = "null") throws -> [UInt8] {
        [UInt8](
            try ffmpeg(
                "\(options) -i \(name) -map 0:v:0 -vf '\(filter),scale=flags=bicubic+accurate_rnd+full_chroma_int' "
                    + "-sws_flags bicubic+accurate_rnd+full_chroma_int -vsync passthrough -pix_fmt rgb24 -f rawvideo -")
        )
    }
}

extension Studio {
    /// 40 frames at 20 fps whose grey value is 20 + 5·index, with B-frames and a key frame every 8.
    func counted(_ name: String, _ more: String = "", rate: String = "20") throws -> String {
        try make(
            name,
            "-f lavfi -i 'color=black:s=32x24:r=\(rate),format=yuv420p,geq=lum=20+5*N:cb=128:cr=128' -frames:v 40 "
                + "-c:v libx264 -qp 0 -g 8 -bf 2 \(more)")
    }
}
