internal import Files
package import Foundation
internal import JSON
internal import Shard
internal import Synchronization

/// The rows of a plan, of whatever kind, read where they are wanted: one frame of them is in memory at a time.
///
/// Each frame is held against the SHA-256 that `run.json` states for it. Calls block; several threads may read at once.
package final class PlanRows: Sendable {
    /// Where the rows lie and what they hash to.
    package let record: PlanFile
    /// What each of them is.
    private let type: any PlanRow.Type
    private let source: Source
    /// Where errors say that the rows are.
    private let path: String
    private let latest = Mutex<(frame: Int, lines: Lines)?>(nil)

    private enum Source {
        case file(InputFile, offsets: [Int])
        case memory([[UInt8]])
    }

    /// The decompressed rows of a frame.
    private struct Lines {
        let content: [UInt8]
        let ends: [Int]

        subscript(number: Int) -> ArraySlice<UInt8> {
            content[(number == 0 ? 0 : ends[number - 1] + 1)..<ends[number]]
        }
    }

    /// Rows that were just written.
    init(_ record: PlanFile, of type: any PlanRow.Type, frames: [[UInt8]]) {
        self.record = record
        self.type = type
        source = .memory(frames)
        path = record.file
    }

    /// Opens the file of a run's rows, and holds its length against `run.json`.
    /// - Throws: ``RunError``.
    package init(_ record: PlanFile, of type: any PlanRow.Type, in folder: URL) throws(RunError) {
        self.type = type
        path = folder.appending(path: PlanFile.fileName).path
        let file: InputFile
        do throws(FileError) {
            file = try InputFile(path, followingLinks: false)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        if let problem = record.problem { throw .damaged(path: path, reason: problem) }
        var offsets = [0]
        for frame in record.frames { offsets.append(offsets[offsets.count - 1] + frame.bytes) }
        guard offsets[offsets.count - 1] == file.size else {
            throw .damaged(path: path, reason: "its \(file.size) bytes are not the frames that run.json lists")
        }
        self.record = record
        source = .file(file, offsets: offsets)
    }

    /// The number of rows.
    package var count: Int { record.rows }

    /// The rows of a range of indices, `0 ..< count` at most.
    /// - Throws: ``RunError`` that names the file and the frame or row.
    package func samples(_ range: Range<Int>) throws(RunError) -> [any PlanRow] {
        var samples: [any PlanRow] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let frame = index / record.rowsPerFrame
            let rows = record.rows(in: frame)
            let lines = try lines(of: frame)
            for index in index..<min(rows.upperBound, range.upperBound) {
                samples.append(try sample(lines[index - rows.lowerBound], index))
            }
            index = rows.upperBound
        }
        return samples
    }

    /// Gives every row in order, and holds all of them together against the plan's hash.
    /// - Throws: ``RunError``, or what `body` throws.
    package func forEach(_ body: (any PlanRow) throws -> Void) throws {
        var hash = SHA256()
        for frame in record.frames.indices {
            let lines = try lines(of: frame)
            hash.update(lines.content)
            for (number, index) in record.rows(in: frame).enumerated() { try body(try sample(lines[number], index)) }
        }
        guard hash.hexadecimalDigest == record.sha256 else {
            throw RunError.damaged(path: path, reason: "its rows do not have the hash that run.json states")
        }
    }

    /// The compressed bytes of a frame, as they stand in the file.
    /// - Throws: ``RunError``.
    package func bytes(of frame: Int) throws(RunError) -> [UInt8] {
        switch source {
        case .memory(let frames): return frames[frame]
        case .file(let file, let offsets):
            do throws(FileError) {
                return try file.read(at: offsets[frame], count: record.frames[frame].bytes)
            } catch {
                throw .unreadable(path: path, reason: error.reason)
            }
        }
    }

    /// The rows of a frame as they are written, one line of JSON each, without the line ends.
    /// - Throws: ``RunError``.
    func text(of frame: Int) throws(RunError) -> [ArraySlice<UInt8>] {
        let lines = try lines(of: frame)
        return lines.ends.indices.map { lines[$0] }
    }

    private func lines(of frame: Int) throws(RunError) -> Lines {
        if let latest = latest.withLock({ $0 }), latest.frame == frame { return latest.lines }
        let bytes = try bytes(of: frame)
        let content: [UInt8]
        do {
            content = try ZstdFrame.decompressAll(bytes, limit: PlanFile.maximumFrame)
        } catch {
            throw .damaged(path: path, reason: "frame \(frame): \(error)")
        }
        guard SHA256.hexadecimalDigest(of: content) == record.frames[frame].sha256 else {
            throw .damaged(path: path, reason: "frame \(frame): its rows do not have the hash that run.json states")
        }
        let expected = record.rows(in: frame).count
        var ends: [Int] = []
        ends.reserveCapacity(expected)
        for (position, byte) in content.enumerated() where byte == 0x0A {
            guard ends.count < expected else { break }
            ends.append(position)
        }
        guard ends.count == expected, ends.last == content.count - 1 else {
            throw .damaged(path: path, reason: "frame \(frame): it does not hold \(expected) rows")
        }
        let lines = Lines(content: content, ends: ends)
        latest.withLock { $0 = (frame, lines) }
        return lines
    }

    private func sample(_ line: ArraySlice<UInt8>, _ index: Int) throws(RunError) -> any PlanRow {
        do throws(JSONError) {
            let sample = try type.init(parsing: Array(line))
            guard sample.index == index else {
                throw JSONError(offset: 0, kind: .content("its index is \(sample.index)"))
            }
            return sample
        } catch {
            throw .damaged(path: path, reason: "row \(index): \(error)")
        }
    }
}
