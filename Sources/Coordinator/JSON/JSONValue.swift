/// The kinds of JSON value.
package enum JSONKind: String, Sendable {
    case null, bool, number, string, array, object
}

/// A JSON value as a tree; numbers keep their digits.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads exactly one value.
    package init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
        var reader = JSONReader(bytes)
        self = try reader.value()
        try reader.end()
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

    /// The value of a key, where this is an object that has it.
    package subscript(key: String) -> JSONValue? {
        if case .object(let fields) = self { fields[key] } else { nil }
    }

    /// The text, where this is a string.
    package var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The number, where this is one.
    package var number: Double? { if case .number(let text) = self { Double(text) } else { nil } }

    /// The truth value, where this is one.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The elements, where this is an array.
    package var elements: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

    /// Every scalar below this value by its dotted path, so that two documents can be compared key by key.
    package func leaves(under path: String = "") -> [String: String] {
        func below(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
        switch self {
        case .null: return [path: "null"]
        case .bool(let value): return [path: String(value)]
        case .number(let text): return [path: text]
        case .string(let text): return [path: text]
        case .array(let values) where values.allSatisfy({ $0.string != nil }):
            return [path: "[" + values.compactMap(\.string).joined(separator: ", ") + "]"]
        case .array(let values):
            return values.enumerated().reduce(into: [:]) { all, item in
                all.merge(item.element.leaves(under: below(String(item.offset)))) { first, _ in first }
            }
        case .object(let fields):
            return fields.reduce(into: [:]) { all, field in
                all.merge(field.value.leaves(under: below(field.key))) { first, _ in first }
            }
        }
    }
}
