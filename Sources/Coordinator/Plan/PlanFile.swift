internal import Crypto
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
    /// Rows in a frame: about a megabyte, so that one batch can be read without the rest.
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
            hash.update(data: writer.bytes)
            let frame = try ZstdFrame.compress(writer.bytes)
            record.frames.append(frame.count)
            bytes += frame
        }
        record.sha256 = hexadecimal(hash.finalize())
        return (record, bytes)
    }

    /// Reads all rows, frame by frame, and checks their number, order and hash.
    /// - Throws: ``RunError`` that names the file and row.
    package func read(in folder: URL) throws(RunError) -> [PlannedSample] {
        var samples: [PlannedSample] = []
        var hash = SHA256()
        let url = folder.appending(path: file)
        let handle = try open(url)
        defer { try? handle.close() }
        for number in frames.indices {
            let content = try content(of: number, from: handle, url)
            hash.update(data: content)
            samples += try Self.parse(content, from: number * rowsPerFrame, url)
        }
        guard samples.count == rows else {
            throw .damaged(path: url.path, reason: "it has \(samples.count) rows where run.json says \(rows)")
        }
        guard hexadecimal(hash.finalize()) == sha256 else {
            throw .damaged(path: url.path, reason: "its rows do not have the hash that run.json states")
        }
        return samples
    }

    /// Reads the rows of a range, and no others than those in the same frames.
    /// - Throws: ``RunError`` that names the file and row.
    package func read(_ range: Range<Int>, in folder: URL) throws(RunError) -> [PlannedSample] {
        let url = folder.appending(path: file)
        guard range.lowerBound >= 0, range.upperBound <= rows else {
            throw .damaged(path: url.path, reason: "rows \(range) are not among its \(rows)")
        }
        if range.isEmpty { return [] }
        let handle = try open(url)
        defer { try? handle.close() }
        var samples: [PlannedSample] = []
        for number in range.lowerBound / rowsPerFrame...(range.upperBound - 1) / rowsPerFrame {
            let first = number * rowsPerFrame
            let rows = try Self.parse(try content(of: number, from: handle, url), from: first, url)
            samples += rows.filter { range.contains($0.index) }
        }
        guard samples.count == range.count else {
            throw .damaged(path: url.path, reason: "rows \(range) are not all there")
        }
        return samples
    }

    private func open(_ url: URL) throws(RunError) -> FileHandle {
        do {
            let handle = try FileHandle(forReadingFrom: url)
            let length = try handle.seekToEnd()
            guard rowsPerFrame > 0, rows >= 0, frames.allSatisfy({ $0 > 0 && $0 <= Self.maximumFrame }),
                UInt64(exactly: frames.reduce(0, +)) == length, frames.count == (rows + rowsPerFrame - 1) / rowsPerFrame
            else {
                throw RunError.damaged(
                    path: url.path, reason: "its \(length) bytes are not the frames that run.json lists")
            }
            return handle
        } catch let error as RunError {
            throw error
        } catch {
            throw .unreadable(path: url.path, reason: FileProblem.text(error))
        }
    }

    private func content(of frame: Int, from handle: FileHandle, _ url: URL) throws(RunError) -> [UInt8] {
        do {
            try handle.seek(toOffset: UInt64(frames[..<frame].reduce(0, +)))
            let bytes = [UInt8](try handle.read(upToCount: frames[frame]) ?? Data())
            return try ZstdFrame.decompressAll(bytes, limit: Self.maximumFrame)
        } catch {
            throw .damaged(path: url.path, reason: "frame \(frame): \(error)")
        }
    }

    private static func parse(_ content: [UInt8], from first: Int, _ url: URL) throws(RunError) -> [PlannedSample] {
        var samples: [PlannedSample] = []
        for line in content.split(separator: 0x0A) {
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
