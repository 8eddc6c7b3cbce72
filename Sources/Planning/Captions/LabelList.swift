internal import Files
internal import Foundation
internal import JSON

/// The labels that stand in for captions: a text file with one label per line.
///
/// Space around a label is cut off; empty lines and lines that begin with `#` are passed over.
package struct LabelList: Sendable, Equatable {
    /// The labels in the file's order, at least one, none of them twice.
    package let labels: [String]

    /// A file may be this long, in bytes.
    package static let maximumBytes = 1_000_000
    /// A file may have this many labels.
    package static let maximumCount = 100_000

    /// Reads a file.
    /// - Throws: ``LabelListError`` that names the file and the line.
    package init(path: String) throws(LabelListError) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: path, limit: Self.maximumBytes)
        } catch {
            throw error.isTooLong
                ? .tooLong(path: path, bytes: Directory.fileSize(path) ?? 0)
                : .unreadable(path: path, reason: error.reason)
        }
        try self.init(bytes, path: path)
    }

    /// Reads the bytes of a file.
    /// - Parameter path: what the error names.
    /// - Throws: ``LabelListError`` that names the file and the line.
    package init(_ bytes: [UInt8], path: String) throws(LabelListError) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLong(path: path, bytes: bytes.count) }
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var lines: [String: Int] = [:]
        var labels: [String] = []
        for (index, line) in bytes[start...].split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            func wrong(_ found: String, _ remedy: String) -> LabelListError {
                .line(path: path, line: index + 1, found: found, remedy: remedy)
            }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw wrong("it is not valid UTF-8", "save the file as UTF-8")
            }
            guard !line.contains(0) else { throw wrong("it holds a NUL", "remove it") }
            let label = text.trimmingCharacters(in: .whitespacesAndNewlines)
            if label.isEmpty || label.hasPrefix("#") { continue }
            if let first = lines.updateValue(index + 1, forKey: label) {
                throw wrong("\(quoted(label)) is already on line \(first)", "keep one of them")
            }
            guard labels.count < Self.maximumCount else {
                throw wrong("it is label \(labels.count + 1)", "a list has at most \(Self.maximumCount)")
            }
            labels.append(label)
        }
        guard !labels.isEmpty else { throw .empty(path: path) }
        self.labels = labels
    }
}

/// Why a list of labels cannot be used.
package enum LabelListError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file cannot be read.
    case unreadable(path: String, reason: String)
    /// The file is longer than ``LabelList/maximumBytes``.
    case tooLong(path: String, bytes: Int)
    /// A line is no label.
    case line(path: String, line: Int, found: String, remedy: String)
    /// There is no label in it.
    case empty(path: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "the labels \(path) cannot be read: \(reason)"
        case .tooLong(let path, let bytes):
            "the labels \(path) have \(bytes) bytes; at most \(LabelList.maximumBytes) are allowed"
        case .line(let path, let line, let found, let remedy): "\(path):\(line): \(found); \(remedy)"
        case .empty(let path): "the labels \(path) hold no label; write one per line"
        }
    }
}
