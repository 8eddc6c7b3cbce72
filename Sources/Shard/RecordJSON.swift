import Foundation

/// JSON as every record, row and `.json` member is written: UTF-8, keys in ascending order, no spaces, slashes as they are,
/// so that equal values have equal bytes.
package enum RecordJSON {
    /// The longest record that is read, in bytes.
    static let maximumLength = 1 << 28

    /// Encodes a value.
    /// - Throws: `EncodingError`, for instance for a number that is not finite.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    /// Decodes a value.
    /// - Parameter name: the file's name, for messages.
    /// - Throws: ``RecordError``.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], name: String
    ) throws(RecordError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw RecordError(name: name, problem: explain(error))
        } catch {
            throw RecordError(name: name, problem: "it is not JSON")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty
                ? "the top level" : path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "field '\(key.stringValue)' is missing in \(place(context.codingPath))"
        case .typeMismatch(_, let context): return "\(place(context.codingPath)) has the wrong type"
        case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: return "it is not JSON"
        case .dataCorrupted(let context): return "\(place(context.codingPath)) is malformed"
        @unknown default: return "it cannot be decoded"
        }
    }
}

/// A record file, such as a sidecar or a commit record, that is not what it should be.
package struct RecordError: Error, Equatable, CustomStringConvertible {
    /// The file's name.
    package let name: String
    /// What is wrong with it.
    package let problem: String

    /// Makes an error.
    package init(name: String, problem: String) {
        self.name = name
        self.problem = problem
    }

    /// One sentence that names the file and the field.
    package var description: String { "\(name) is malformed: \(problem)" }
}
