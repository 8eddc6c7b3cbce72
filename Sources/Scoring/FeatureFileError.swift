package import Files
internal import JSON
package import Shard

/// Why features of another tool cannot be compared.
package enum FeatureFileError: Error, Equatable, CustomStringConvertible {
    /// A row of an array.
    package struct Row: Sendable, Equatable {
        /// From 0, as numpy counts.
        package let number: Int
        package let name: String
    }

    case unreadable(FileError)
    /// Not a `.npy` file that can be read.
    case array(path: String, NPYError)
    case wholeNumbers(path: String, String)
    /// Not `[rows, values]`.
    case rank(path: String, [Int])
    /// Without rows, or without values in them.
    case empty(path: String, [Int])
    case tooLarge(path: String, [Int])
    /// Rows with NaN or infinity: the first ones, and how many there are.
    case notFinite(path: String, rows: [Row], count: Int)
    /// A line that is no name.
    case name(path: String, line: Int, found: String, remedy: String)
    /// Fewer or more names than rows.
    case nameCount(path: String, lines: Int, array: String, rows: Int)
    /// The two sides' rows have unlike numbers of values.
    case widths(path: String, Int, reference: String, Int)
    /// The folder for results is a run.
    case runDirectory(path: String)

    package var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .array(let path, let error): "\(path): \(error); \(Self.remedy(for: error))"
        case .wholeNumbers(let path, let dtype):
            "\(path): the array holds whole numbers (\(dtype)), and features are in floating point; "
                + "save array.astype(np.float32)"
        case .rank(let path, let shape):
            "\(path): the array's shape is \(Self.text(shape)), and [rows, values] is needed; "
                + (shape.count < 2
                    ? "save array.reshape(1, -1) if it is one row"
                    : "save array.reshape(-1, array.shape[-1]), and name each row's sample")
        case .empty(let path, let shape):
            "\(path): the array's shape is \(Self.text(shape)), so that it holds "
                + (shape.first == 0 ? "no row" : "rows without values") + "; take the features again"
        case .tooLarge(let path, let shape):
            "\(path): the array's shape is \(Self.text(shape)), more values than are held in memory; compare fewer rows"
        case .notFinite(let path, let rows, let count):
            "\(path): \(count == 1 ? "a row is" : "\(count) rows are") not finite: "
                + rows.map { "row \($0.number) of \(quoted($0.name))" }.joined(separator: ", ")
                + (count > rows.count ? ", …" : "")
                + "; take those features again, or leave the rows and their names out"
        case .name(let path, let line, let found, let remedy): "\(path):\(line): \(found); \(remedy)"
        case .nameCount(let path, let lines, let array, let rows):
            "\(path) has \(lines) \(lines == 1 ? "name" : "names"), and \(array) has \(rows) \(rows == 1 ? "row" : "rows"); "
                + "write one name a line for each row, in their order"
        case .widths(let path, let width, let reference, let other):
            "\(path) has \(width) values in a row, and \(reference) has \(other): they are of two networks; "
                + "take both sides' features with the same one"
        case .runDirectory(let path):
            "\(path) is a run directory, whose own results may lie there; give -o another folder"
        }
    }

    private static func text(_ shape: [Int]) -> String {
        "[\(shape.prefix(8).map(String.init).joined(separator: ", "))\(shape.count > 8 ? ", …" : "")]"
    }

    private static func remedy(for error: NPYError) -> String {
        switch error {
        case .fortranOrder: "save np.ascontiguousarray(array)"
        case .dtype(let dtype) where dtype.hasPrefix(">"): "it is big-endian: save array.astype(np.float32)"
        case .dtype(let dtype) where dtype.hasSuffix("O"):
            "it holds Python objects: save np.stack(list(array)).astype(np.float32)"
        case .dtype(let dtype) where ["i", "u", "b"].contains(where: dtype.dropFirst().hasPrefix):
            "it holds whole numbers, and features are in floating point: save array.astype(np.float32)"
        case .dtype: "save it as np.float16, np.float32 or np.float64"
        case .dataLength(let found, let expected) where found < expected:
            "the file was cut off: copy or save it again"
        case .dataLength, .notNPY, .version, .headerLength, .header, .shape, .notOfShards:
            "save the array with np.save"
        }
    }
}
