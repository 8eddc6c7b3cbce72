internal import Foundation

/// `Codable` values as JSON: written so that equal values have equal bytes, and read strictly.
package enum JSONCoding {
    /// Encodes a value: UTF-8, keys in ascending order, slashes as they are, no spaces.
    /// - Parameter pretty: whether to break and indent lines for people.
    /// - Throws: `EncodingError`, for instance for a number that is not finite.
    package static func encode(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return Array(try encoder.encode(value))
    }

    /// Decodes a value.
    /// - Parameter limit: the most bytes that are read.
    /// - Throws: ``JSONDecodingError`` that names the field.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], limit: Int = JSONReader.sizeLimit
    ) throws(JSONDecodingError) -> Value {
        // Foundation would take the last of two equal keys; our own reader refuses them.
        do throws(JSONError) {
            try JSONReader.check(bytes, limit: limit)
        } catch {
            throw JSONDecodingError(field: "", reason: "is \(error)")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw JSONDecodingError(error)
        } catch {
            throw JSONDecodingError(field: "", reason: "cannot be decoded: \(error)")
        }
    }

    /// Decodes a value; nothing is copied before the size is checked.
    /// - Parameter limit: the most bytes that are read.
    /// - Throws: ``JSONDecodingError`` that names the field.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: UnsafeRawBufferPointer, limit: Int = JSONReader.sizeLimit
    ) throws(JSONDecodingError) -> Value {
        do throws(JSONError) {
            try JSONReader.check(size: bytes.count, limit: limit)
        } catch {
            throw JSONDecodingError(field: "", reason: "is \(error)")
        }
        return try decode(type, from: Array(bytes), limit: limit)
    }
}

/// Why JSON is not the value that was to be read.
package struct JSONDecodingError: Error, Equatable, CustomStringConvertible {
    /// The path of the field, `channels[1].size`; empty for the document as a whole.
    package let field: String
    /// What is wrong with it, as the end of a sentence: `is missing`.
    package let reason: String

    package var description: String { (field.isEmpty ? "it" : "field '\(field)'") + " \(reason)" }
}

extension JSONDecodingError {
    fileprivate init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(field: Self.path(context.codingPath + [key]), reason: "is missing")
        case .valueNotFound(let type, let context):
            self.init(field: Self.path(context.codingPath), reason: "is null, and \(type) is needed")
        case .typeMismatch(let type, let context):
            self.init(field: Self.path(context.codingPath), reason: "has the wrong type, and \(type) is needed")
        case .dataCorrupted(let context):
            self.init(field: Self.path(context.codingPath), reason: "cannot be used: \(context.debugDescription)")
        @unknown default: self.init(field: "", reason: "cannot be decoded: \(error)")
        }
    }

    private static func path(_ path: [any CodingKey]) -> String {
        path.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
    }
}
