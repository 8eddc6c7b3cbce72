internal import Files
package import Foundation
internal import JSON
internal import Shard

/// Where a run's plan rows lie and what they hash to; part of `run.json`.
package struct PlanFile: Codable, Sendable, Equatable {
    /// The file's name in the run directory.
    package var file: String
    /// The number of rows, one a sample.
    package var rows: Int
    /// The rows in each frame but the last.
    package var rowsPerFrame: Int
    /// The length of each zstd frame in bytes, in the file's order.
    package var frames: [Int]
    /// SHA-256 of the decompressed rows, so that it does not depend on the compressor.
    package var sha256: String

    /// The name that plans have.
    package static let fileName = "plan.jsonl.zst"
    /// Rows in a frame: about a megabyte.
    static let rowsPerFrame = 4096
    /// The most bytes that a frame may hold.
    private static let maximumFrame = 256 << 20

    private enum CodingKeys: String, CodingKey {
        case file, rows, frames, sha256
        case rowsPerFrame = "rows_per_frame"
    }

    /// Encodes the rows of a plan.
    /// - Returns: The record and the file's bytes.
    /// - Throws: `ZstdError` where the compressor fails.
    package static func encode(_ samples: [PlannedSample]) throws -> (record: PlanFile, bytes: [UInt8]) {
        var record = PlanFile(
            file: fileName, rows: samples.count, rowsPerFrame: rowsPerFrame, frames: [], sha256: "")
        var bytes: [UInt8] = []
        var hash = SHA256()
        var writer = JSONWriter()
        for first in stride(from: 0, to: samples.count, by: rowsPerFrame) {
            writer.clear()
            for sample in samples[first..<min(first + rowsPerFrame, samples.count)] { sample.write(to: &writer) }
            hash.update(writer.bytes)
            let frame = try ZstdFrame.compress(writer.bytes)
            record.frames.append(frame.count)
            bytes += frame
        }
        record.sha256 = hash.hexadecimalDigest
        return (record, bytes)
    }

    /// Reads all rows, frame by frame, and checks their number, order and hash.
    /// - Throws: ``RunError`` that names the file and row.
    package func read(in folder: URL) throws(RunError) -> [PlannedSample] {
        var samples: [PlannedSample] = []
        var hash = SHA256()
        let url = folder.appending(path: file)
        let file = try open(url)
        for number in frames.indices {
            let content = try content(of: number, from: file, url)
            hash.update(content)
            samples += try Self.parse(content, from: number * rowsPerFrame, url)
        }
        guard samples.count == rows else {
            throw .damaged(path: url.path, reason: "it has \(samples.count) rows where run.json says \(rows)")
        }
        guard hash.hexadecimalDigest == sha256 else {
            throw .damaged(path: url.path, reason: "its rows do not have the hash that run.json states")
        }
        return samples
    }

    /// What is wrong with the record in itself, or nil.
    var problem: String? {
        guard file == Self.fileName else { return "plan.file is \(quoted(file)) and not \(Self.fileName)" }
        guard (1...1 << 24).contains(rowsPerFrame), (0...1 << 40).contains(rows) else {
            return "plan.rows or plan.rows_per_frame is out of range"
        }
        guard frames.allSatisfy({ (1...Self.maximumFrame).contains($0) }),
            frames.count == (rows + rowsPerFrame - 1) / rowsPerFrame
        else { return "plan.frames are not those of \(rows) rows" }
        return nil
    }

    private func open(_ url: URL) throws(RunError) -> InputFile {
        let file: InputFile
        do throws(FileError) {
            file = try InputFile(url.path, followingLinks: false)
        } catch {
            throw .unreadable(path: url.path, reason: error.reason)
        }
        guard problem == nil, frames.reduce(0, +) == file.size else {
            throw .damaged(path: url.path, reason: "its \(file.size) bytes are not the frames that run.json lists")
        }
        return file
    }

    private func content(of frame: Int, from file: InputFile, _ url: URL) throws(RunError) -> [UInt8] {
        do {
            let bytes = try file.read(at: frames[..<frame].reduce(0, +), count: frames[frame])
            return try ZstdFrame.decompressAll(bytes, limit: Self.maximumFrame)
        } catch {
            throw .damaged(path: url.path, reason: "frame \(frame): \(error)")
        }
    }

    private static func parse(_ content: [UInt8], from first: Int, _ url: URL) throws(RunError) -> [PlannedSample] {
        var samples: [PlannedSample] = []
        // Not split at once: a frame of line feeds would make millions of slices.
        var rest = content[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != 0x0A }
            rest = rest.dropFirst(line.count + 1)
            let number = first + samples.count
            do throws(JSONError) {
                let sample = try PlannedSample(parsing: Array(line))
                guard sample.index == number else {
                    throw JSONError(offset: 0, kind: .content("its index is \(sample.index)"))
                }
                samples.append(sample)
            } catch {
                throw .damaged(path: url.path, reason: "row \(number): \(error)")
            }
        }
        return samples
    }
}
