internal import JSON

/// Where a run's plan rows lie and what they hash to; part of `run.json`.
package struct PlanFile: Codable, Sendable, Equatable {
    /// Some consecutive rows, compressed together.
    package struct Frame: Codable, Sendable, Equatable {
        /// The length of the zstd frame.
        package var bytes: Int
        /// SHA-256 of its rows, decompressed: a rank that reads this frame alone knows that it is the planned one.
        package var sha256: String
    }

    /// The file's name in the run directory.
    package var file: String
    /// The number of rows, one a sample.
    package var rows: Int
    /// The rows in each frame but the last.
    package var rowsPerFrame: Int
    /// The frames in the file's order.
    package var frames: [Frame]
    /// SHA-256 of the decompressed rows, so that it does not depend on the compressor.
    package var sha256: String

    /// The name that plans have.
    package static let fileName = "plan.jsonl.zst"
    /// Rows in a frame: a few hundred kilobytes, which is what a rank holds of a plan.
    package static let rowsPerFrame = 1024
    /// The most bytes that a frame may hold.
    static let maximumFrame = 256 << 20

    private enum CodingKeys: String, CodingKey {
        case file, rows, frames, sha256
        case rowsPerFrame = "rows_per_frame"
    }

    /// The indices of the rows in a frame.
    func rows(in frame: Int) -> Range<Int> { frame * rowsPerFrame..<min((frame + 1) * rowsPerFrame, rows) }

    /// What is wrong with the record in itself, or nil.
    var problem: String? {
        guard file == Self.fileName else { return "plan.file is \(quoted(file)) and not \(Self.fileName)" }
        guard (1...1 << 24).contains(rowsPerFrame), (0...1 << 40).contains(rows) else {
            return "plan.rows or plan.rows_per_frame is out of range"
        }
        guard frames.allSatisfy({ (1...Self.maximumFrame).contains($0.bytes) }),
            frames.count == (rows + rowsPerFrame - 1) / rowsPerFrame
        else { return "plan.frames are not those of \(rows) rows" }
        return nil
    }
}
