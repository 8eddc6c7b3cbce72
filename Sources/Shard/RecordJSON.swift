import JSON

/// JSON as every record, row and `.json` member is written: UTF-8, keys in ascending order, no spaces, slashes as they are,
/// so that equal values have equal bytes.
package enum RecordJSON {
    /// The longest record that is read, in bytes.
    package static let maximumLength = 1 << 28

    /// Encodes a value.
    /// - Throws: `EncodingError`, for instance for a number that is not finite.
    package static func encode(_ value: some Encodable) throws -> [UInt8] { try JSONCoding.encode(value) }

    /// Decodes a value.
    /// - Parameter name: the file's name, for messages.
    /// - Throws: ``RecordError``.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], name: String
    ) throws(RecordError) -> Value {
        do throws(JSONDecodingError) {
            return try JSONCoding.decode(type, from: bytes, limit: maximumLength)
        } catch {
            throw RecordError(name: name, problem: error.description)
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
