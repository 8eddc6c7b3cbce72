/// The kinds of JSON value.
package enum JSONKind: String, Sendable {
    case null, bool, number, string, array, object
}

/// A JSON value as a tree. Members keep their order and numbers their digits, and no key comes twice in one object,
/// because which of the two wins would decide, for instance, which weights are loaded.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// As written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One name and value of an object.
    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Reads exactly one value.
    /// - Parameter limit: the most bytes that are read.
    /// - Throws: ``JSONError`` with the byte at which the text stops being JSON.
    package init(parsing bytes: [UInt8], limit: Int = JSONReader.sizeLimit) throws(JSONError) {
        try JSONReader.check(size: bytes.count, limit: limit)
        var reader = JSONReader(bytes)
        self = try reader.value()
        try reader.end()
    }

    /// Reads exactly one value; nothing is copied before the size is checked.
    /// - Parameter limit: the most bytes that are read.
    /// - Throws: ``JSONError`` with the byte at which the text stops being JSON.
    package init(parsing bytes: UnsafeRawBufferPointer, limit: Int = JSONReader.sizeLimit) throws(JSONError) {
        try JSONReader.check(size: bytes.count, limit: limit)
        try self.init(parsing: Array(bytes), limit: limit)
    }

    package var kind: JSONKind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// The member of an object; nil where there is none or this is no object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text of a string.
    package var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The value of a number without fraction or exponent that fits 64 bits.
    package var integer: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }

    /// The value of a number; infinite where it is out of range.
    package var double: Double? { if case .number(let digits) = self { Double(digits) } else { nil } }

    /// The value of `true` or `false`.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The elements of an array.
    package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

    /// The members of an object, in the order of the text.
    package var members: [Member]? { if case .object(let members) = self { members } else { nil } }

    /// Every scalar below this value by its dotted path, so that two documents can be compared key by key.
    package func leaves(under path: String = "") -> [String: String] {
        func below(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
        switch self {
        case .null: return [path: "null"]
        case .bool(let value): return [path: String(value)]
        case .number(let text), .string(let text): return [path: text]
        case .array(let values) where values.allSatisfy({ $0.string != nil }):
            return [path: "[" + values.compactMap(\.string).joined(separator: ", ") + "]"]
        case .array(let values):
            return values.enumerated().reduce(into: [:]) { all, item in
                all.merge(item.element.leaves(under: below(String(item.offset)))) { first, _ in first }
            }
        case .object(let members):
            return members.reduce(into: [:]) { all, member in
                all.merge(member.value.leaves(under: below(member.name))) { first, _ in first }
            }
        }
    }
}
