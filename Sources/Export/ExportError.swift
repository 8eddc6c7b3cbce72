package import Files
internal import JSON

/// Why nothing is exported.
package enum ExportError: Error, Equatable, CustomStringConvertible {
    /// A side or a table that cannot be used; a sentence.
    case source(String)
    case isFile(path: String)
    case occupied(path: String, found: String)
    case holdsCache(path: String, cache: String, OtherEvaluator)
    /// A name that no file should have, with what is wrong with it.
    case name(String, found: String)
    /// Two samples whose files would have one name.
    case oneName(String, String, file: String)
    case tooFew(OtherEvaluator, count: Int, fewest: Int, leftOut: [String])
    case rowTwice(path: String, row: Int, first: Int, name: String)
    /// A row whose sample is not there, or cannot be used.
    case rowMissing(path: String, row: Int, name: String, reason: String)
    case unwritable(name: String, FileError)

    /// Whether something failed, and not what was asked for was wrong.
    package var isFailure: Bool {
        if case .unwritable = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .source(let sentence): sentence
        case .isFile(let path): "\(path) is a file: name a new folder with --output"
        case .occupied(let path, let found):
            "\(path) is not empty, it holds \(quoted(found)): name a new folder with --output"
        case .holdsCache(let path, let cache, let evaluator):
            "\(path) holds \(cache), what \(evaluator.rawValue) computed of other samples, which it would take for that of these: "
                + "name a new folder with --output"
        case .name(let name, let found):
            "\(quoted(name)) \(found), so that no file should be called so: rename the sample's files, on both sides"
        case .oneName(let one, let other, let file):
            "\(quoted(one)) and \(quoted(other)) would both be \(quoted(file)): rename one of them"
        case .tooFew(let evaluator, let count, let fewest, let leftOut):
            ([
                "\(evaluator.rawValue) needs \(fewest) \(fewest == 1 ? "sample" : "samples"), and there are \(count == 0 ? "none" : "\(count)")"
            ] + leftOut).joined(separator: "\n")
        case .rowTwice(let path, let row, let first, let name):
            "\(path): rows \(first) and \(row) both name \(quoted(name)): give each row a sample of its own"
        case .rowMissing(let path, let row, let name, let reason):
            "\(path): row \(row) needs the sample \(quoted(name)), \(reason); JavisBench reads files for every row"
        case .unwritable(let name, let error): "\(quoted(name)): \(error)"
        }
    }
}
