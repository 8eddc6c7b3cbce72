package import JSON

/// What the records of a run are read with: field by field, so that memory depends on what a record holds and not on what
/// a hostile one nests, repeats or claims.
extension JSONReader {
    /// Reads one value, which may be `null`.
    mutating func optional<Value>(
        _ read: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> Value? {
        guard try peek() == .null else { return try read(&self) }
        try null()
        return nil
    }

    mutating func optionalString() throws(JSONError) -> String? {
        try optional { reader throws(JSONError) in try reader.string() }
    }

    mutating func optionalInteger() throws(JSONError) -> Int? {
        try optional { reader throws(JSONError) in try reader.integer() }
    }

    mutating func optionalDouble() throws(JSONError) -> Double? {
        try optional { reader throws(JSONError) in try reader.double() }
    }

    /// Reads an array.
    mutating func list<Element>(
        _ read: (inout JSONReader) throws(JSONError) -> Element
    ) throws(JSONError) -> [Element] {
        var elements: [Element] = []
        try array { reader throws(JSONError) in elements.append(try read(&reader)) }
        return elements
    }

    /// Reads an object whose keys are free.
    package mutating func table<Value>(
        _ read: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> [String: Value] {
        var table: [String: Value] = [:]
        try object { reader, key throws(JSONError) in table[key] = try read(&reader) }
        return table
    }

    /// The value of a field that every record has.
    package func require<Value>(_ value: Value?, _ field: String) throws(JSONError) -> Value {
        guard let value else { throw error("field '\(field)' is missing") }
        return value
    }
}

extension RecordJSON {
    /// Reads the one value that a record's bytes are.
    /// - Throws: ``RecordError``.
    package static func read<Value>(
        _ bytes: [UInt8], name: String, _ value: (inout JSONReader) throws(JSONError) -> Value
    ) throws(RecordError) -> Value {
        do throws(JSONError) {
            guard bytes.count <= maximumLength else {
                throw JSONError(offset: 0, kind: .tooLong(found: bytes.count, limit: maximumLength))
            }
            var reader = JSONReader(bytes)
            let value = try value(&reader)
            try reader.end()
            return value
        } catch {
            // What a reader found wrong with sound JSON is a sentence by itself.
            if case .content = error.kind { throw RecordError(name: name, problem: "\(error)") }
            throw RecordError(name: name, problem: "it is \(error)")
        }
    }
}
