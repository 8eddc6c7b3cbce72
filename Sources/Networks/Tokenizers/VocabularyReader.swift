import Checkpoint
internal import Files
import JSON

/// Reads the files of tokenizers, each checked against a cap before it is taken into memory.
enum VocabularyReader {
    /// RoBERTa's tokenizer.json, the largest, has 1.4 MB.
    static let fileLimit = 64 << 20

    static func json(_ path: String) throws(TokenizerError) -> JSONValue {
        let file = try map(path)
        do throws(JSONError) {
            return try file.withBytes { bytes throws(JSONError) in try JSONValue(parsing: bytes) }
        } catch {
            throw TokenizerError(path: path, kind: .json(error))
        }
    }

    /// A JSON file that need not be there.
    static func optionalJSON(_ path: String) throws(TokenizerError) -> JSONValue? {
        do throws(TokenizerError) {
            return try json(path)
        } catch {
            if case .file(.missing) = error.kind { return nil }
            throw error
        }
    }

    /// The lines of a text file, unpacked where it is a gzip file.
    static func lines(_ path: String) throws(TokenizerError) -> [Substring] {
        let file = try map(path)
        let bytes: [UInt8]
        do throws(GzipError) {
            bytes = try file.withBytes { bytes throws(GzipError) in
                Gzip.isGzip(bytes) ? try Gzip.decompress(bytes, limit: fileLimit) : Array(bytes)
            }
        } catch {
            throw TokenizerError(path: path, kind: .gzip(error))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw TokenizerError(path: path, kind: .notUTF8)
        }
        // By scalars, because CR LF is one Character.
        return text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
            Substring($0.last == "\r" ? $0.dropLast() : $0)
        }
    }

    /// Pairs of tokens out of lines; empty lines are passed over.
    static func merges(
        _ lines: ArraySlice<Substring>
    ) throws(TokenizerError.Kind) -> [(left: Substring, right: Substring)] {
        var merges: [(left: Substring, right: Substring)] = []
        merges.reserveCapacity(lines.count)
        for (index, line) in zip(lines.indices, lines) where !line.isEmpty {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw .badMerge(line: index + 1, String(line))
            }
            merges.append((parts[0], parts[1]))
        }
        return merges
    }

    /// An object of tokens and numbers.
    static func vocabulary(_ value: JSONValue?, field: String) throws(TokenizerError.Kind) -> [String: Int32] {
        guard let members = value?.members else { throw .field(field, reason: "an object of tokens is needed") }
        var vocabulary: [String: Int32] = [:]
        var owners: [Int32: String] = [:]
        for member in members {
            guard let number = member.value.integer, let id = Int32(exactly: number), id >= 0 else {
                throw .field("\(field)[\"\(member.name)\"]", reason: "a number at or above 0 is needed")
            }
            if let owner = owners.updateValue(member.name, forKey: id) {
                throw .duplicateID(number, owner, member.name)
            }
            vocabulary[member.name] = id
        }
        return vocabulary
    }

    private static func map(_ path: String) throws(TokenizerError) -> MappedFile {
        let file: MappedFile
        do throws(MappedFileError) {
            file = try MappedFile(path: path)
        } catch {
            throw TokenizerError(path: path, kind: .file(error))
        }
        guard file.count <= fileLimit else {
            throw TokenizerError(path: path, kind: .tooLarge(found: file.count, limit: fileLimit))
        }
        return file
    }
}
