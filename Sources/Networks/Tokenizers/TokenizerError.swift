package import Checkpoint
package import Files
package import JSON

/// Why a tokenizer cannot be loaded.
package struct TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The file or folder.
    package let path: String
    package let kind: Kind

    /// What is wrong.
    package enum Kind: Error, Equatable {
        case noFiles
        case file(MappedFileError)
        case json(JSONError)
        case gzip(GzipError)
        case tooLarge(found: Int, limit: Int)
        case notUTF8
        case field(String, reason: String)
        case duplicateID(Int, String, String)
        case badMerge(line: Int, String)
        case missingByte(String)
        case unknownMerge(number: Int, String)
        case unknownToken(role: String, String)
    }

    package var description: String {
        if case .file(let error) = kind { return error.description }
        let what =
            switch kind {
            case .noFiles: "there is neither vocab.json with merges.txt nor tokenizer.json in this folder"
            case .file(let error): error.description
            case .json(let error): "the file is \(error)"
            case .gzip(let error): error.description
            case .tooLarge(let found, let limit): "the file has \(found) bytes, and at most \(limit) are read"
            case .notUTF8: "the file is not valid UTF-8"
            case .field(let field, let reason): "field \(field): \(reason)"
            case .duplicateID(let id, let first, let second):
                "the tokens \"\(first)\" and \"\(second)\" have the same number \(id)"
            case .badMerge(let line, let text): "line \(line) is not a pair of tokens: \"\(text)\""
            case .missingByte(let symbol):
                "the vocabulary has no token \"\(symbol)\", and a byte-level encoding needs one for each of the 256 bytes"
            case .unknownMerge(let number, let pair):
                "merge \(number), \"\(pair)\", joins or makes a token that is not in the vocabulary"
            case .unknownToken(let role, let token): "the \(role) token \"\(token)\" is not in the vocabulary"
            }
        return "\(path): \(what)."
    }
}
