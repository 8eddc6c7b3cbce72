internal import Files
internal import Foundation

/// Whose each row of an array is: a text file with the sample's name for each row, one a line. A name that stands several
/// times has several rows.
struct RowNames {
    /// A file may be this long, in bytes.
    private static let maximumBytes = 1 << 28

    let names: [String]

    /// - Throws: ``FeatureFileError`` that names the file and the line.
    init(_ path: String) throws(FeatureFileError) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: path, limit: Self.maximumBytes)
        } catch {
            throw .unreadable(error)
        }
        try self.init(bytes, path: path)
    }

    /// Reads the bytes of a file.
    /// - Parameter path: what errors name.
    /// - Throws: ``FeatureFileError`` that names the file and the line.
    init(_ bytes: [UInt8], path: String) throws(FeatureFileError) {
        // What editors and other systems put there: a mark at the beginning, a carriage return before each line's end.
        var lines = bytes.dropFirst(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var names: [String] = []
        names.reserveCapacity(lines.count)
        for line in lines {
            let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            func wrong(_ found: String, _ remedy: String) -> FeatureFileError {
                .name(path: path, line: names.count + 1, found: found, remedy: remedy)
            }
            guard !text.isEmpty else { throw wrong("it is empty", "write a row's name on each line") }
            guard let name = String(validating: text, as: UTF8.self) else {
                throw wrong("it is not valid UTF-8", "save the file as UTF-8")
            }
            guard !text.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw wrong("it holds a control character", "remove it")
            }
            names.append(name)
        }
        self.names = names
    }
}
