package import JSON

/// A safetensors file that is not one, with what was found where.
package struct SafetensorsError: Error, Equatable, CustomStringConvertible {
    package let path: String
    package let kind: Kind

    /// Every way in which the header can be malformed. Offsets are counted from the start of the data, as in the file.
    package enum Kind: Error, Equatable {
        case tooShort(found: Int)
        case headerTooLong(found: UInt64, limit: Int)
        case headerPastEnd(header: Int, available: Int)
        case headerNotJSON(JSONError)
        case headerNotObject
        case duplicateName(String, byte: Int)
        case metadataNotObject
        case metadataNotString(name: String)
        case entryNotObject(key: String)
        case missingField(key: String, field: String)
        case unknownField(key: String, field: String)
        case dtypeNotString(key: String)
        case unknownDType(key: String, found: String)
        case shapeNotIntegers(key: String)
        case negativeDimension(key: String, found: Int)
        case tooManyDimensions(key: String, found: Int, limit: Int)
        case sizeOverflow(key: String, shape: [Int])
        case offsetsMalformed(key: String)
        case offsetsReversed(key: String, begin: Int, end: Int)
        case offsetsPastEnd(key: String, end: Int, available: Int)
        case lengthMismatch(key: String, found: Int, expected: Int, shape: [Int], dtype: ScalarType)
        case overlap(key: String, with: String, begin: Int, expected: Int)
        case hole(key: String, begin: Int, expected: Int)
        case trailingBytes(found: Int)
    }

    package var description: String { "\(path): \(sentence)" }

    private var sentence: String {
        switch kind {
        case .tooShort(let found):
            "the file has \(found) bytes, and a safetensors file begins with an 8-byte header length."
        case .headerTooLong(let found, let limit):
            "the header length is \(found), and at most \(limit) is allowed; this is not a safetensors file, or its start is damaged."
        case .headerPastEnd(let header, let available):
            "the header length is \(header), but only \(available) bytes follow; the file is cut off, so fetch it again."
        case .headerNotJSON(let error): "the header is \(error)."
        case .headerNotObject: "the header is JSON, but not an object."
        case .duplicateName(let name, let byte):
            "the header names \"\(name)\" twice in one object (header byte \(byte))."
        case .metadataNotObject: "__metadata__ is not an object of strings."
        case .metadataNotString(let name): "__metadata__ holds \"\(name)\", whose value is not a string."
        case .entryNotObject(let key): "the header entry of \"\(key)\" is not an object."
        case .missingField(let key, let field): "the header entry of \"\(key)\" has no field \(field)."
        case .unknownField(let key, let field):
            "the header entry of \"\(key)\" has the field \"\(field)\"; only dtype, shape and data_offsets are known."
        case .dtypeNotString(let key): "the dtype of \"\(key)\" is not a string."
        case .unknownDType(let key, let found):
            "\"\(key)\" has the dtype \"\(found)\"; \(ScalarType.allCases.map { $0.rawValue.uppercased() }.joined(separator: ", ")) can be read"
                + (found.hasPrefix("F8") || found.hasPrefix("F4") || found.hasPrefix("F6")
                    ? ": fetch the checkpoint in float16, bfloat16 or float32." : ".")
        case .shapeNotIntegers(let key): "the shape of \"\(key)\" is not an array of 64-bit integers."
        case .negativeDimension(let key, let found): "the shape of \"\(key)\" has the size \(found)."
        case .tooManyDimensions(let key, let found, let limit):
            "\"\(key)\" has \(found) dimensions, and at most \(limit) are allowed."
        case .sizeOverflow(let key, let shape): "the byte count of \"\(key)\" with shape \(shape) overflows 64 bits."
        case .offsetsMalformed(let key): "the data_offsets of \"\(key)\" are not two integers at or above 0."
        case .offsetsReversed(let key, let begin, let end):
            "the data_offsets of \"\(key)\" begin at \(begin) and end at \(end)."
        case .offsetsPastEnd(let key, let end, let available):
            "the data of \"\(key)\" ends at \(end), but the file has \(available) bytes of data; it is cut off, so fetch it again."
        case .lengthMismatch(let key, let found, let expected, let shape, let dtype):
            "\"\(key)\" has \(found) bytes, but shape \(shape) of \(dtype.rawValue.uppercased()) needs \(expected)."
        case .overlap(let key, let other, let begin, let expected):
            "the data of \"\(key)\" begins at \(begin), inside \"\(other)\", which ends at \(expected)."
        case .hole(let key, let begin, let expected):
            "the data of \"\(key)\" begins at \(begin), and \(expected) was expected: the bytes between belong to nothing."
        case .trailingBytes(let found): "\(found) bytes follow the last tensor and belong to nothing."
        }
    }
}
