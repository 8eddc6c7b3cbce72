import Testing

@testable import JSON

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    private func failure(_ bytes: [UInt8], limit: Int = JSONReader.sizeLimit) -> JSONError? {
        do throws(JSONError) {
            _ = try JSONValue(parsing: bytes, limit: limit)
            return nil
        } catch {
            return error
        }
    }

    @Test func readsEveryKindOfValue() throws {
        let value = try parse(#" {"b": [1, -2, 0.5, 1e3, true, false, null], "a": {"c": "x"}, "": ""} "#)
        #expect(
            value["b"]?.array == [
                .number("1"), .number("-2"), .number("0.5"), .number("1e3"), .bool(true), .bool(false), .null,
            ])
        #expect(value["b"]?.array?.map(\.integer) == [1, -2, nil, nil, nil, nil, nil])
        #expect(value["b"]?.array?.map(\.double) == [1, -2, 0.5, 1000, nil, nil, nil])
        #expect(value["b"]?.array?.map(\.bool) == [nil, nil, nil, nil, true, false, nil])
        #expect(value["a"]?["c"]?.string == "x")
        #expect(value["none"] == nil)
        #expect(value.members?.map(\.name) == ["b", "a", ""])
        #expect(value.members?.map(\.value.kind) == [.array, .object, .string])
        let bytes = Array("[{}, []]".utf8)
        #expect(try bytes.withUnsafeBytes { try JSONValue(parsing: $0) } == .array([.object([]), .array([])]))
    }

    @Test func numbersKeepTheirDigits() throws {
        let digits = ["18446744073709551615", "-0.5e-3", "12", "-0", "1E+2", "9223372036854775807"]
        let value = try parse("[\(digits.joined(separator: ", "))]")
        #expect(value == .array(digits.map { .number($0) }))
        #expect(value.array?.map(\.integer) == [nil, nil, 12, 0, nil, .max])
    }

    @Test("every escape in a string is read as its character")
    func readsEscapes() throws {
        #expect(
            try parse(#""a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00z""#) == .string("a\"\\/\u{8}\u{c}\n\r\té\u{e9}😀z"))
    }

    @Test(
        "malformed JSON is refused with the offset and the reason",
        arguments: [
            ("", 0, JSONError.Kind.unexpectedEnd(expected: "a value")), ("{", 1, .unexpectedEnd(expected: "a key")),
            ("[1,", 3, .unexpectedEnd(expected: "a value")),
            ("\"a", 2, .unexpectedEnd(expected: "the end of a string")),
            ("{\"a\":1,}", 7, .unexpectedByte(0x7D, expected: "a key")),
            ("{\"a\" 1}", 5, .unexpectedByte(0x31, expected: "`:`")),
            ("[1 2]", 3, .unexpectedByte(0x32, expected: "`,` or `]`")),
            ("{\"a\":1;", 6, .unexpectedByte(0x3B, expected: "`,` or `}`")),
            ("[01]", 1, .badNumber("a number starts with 0")), ("-", 0, .badNumber("a number has no digits")),
            ("1.", 0, .badNumber("a number ends in its decimal point")),
            ("1e", 0, .badNumber("a number ends in its exponent")),
            ("+1", 0, .unexpectedByte(0x2B, expected: "a value")),
            ("tru", 3, .unexpectedEnd(expected: "true or false")), ("nul1", 3, .unexpectedByte(0x31, expected: "null")),
            ("{} x", 3, .trailingByte(0x78)), (#"{"a":1,"b":2,"a":3}"#, 13, .duplicateKey("a")),
            (#"{"a":1,"\u0061":3}"#, 7, .duplicateKey("a")),
            (#""\ud800""#, 1, .badEscape("a \\u escape is half of a surrogate pair")),
            (#""\udc00""#, 1, .badEscape("a \\u escape is half of a surrogate pair")),
            (#""\ud800\u0041""#, 1, .badEscape("a \\u escape is half of a surrogate pair")),
            (#""\u12g4""#, 1, .badEscape("a \\u escape needs four hexadecimal digits")),
            (#""\x""#, 1, .badEscape("there is no such escape")), ("\"\u{1}\"", 1, .controlCharacter(1)),
            (String(repeating: "[", count: 200), 129, .tooDeep(limit: 128)),
            (String(repeating: "{\"a\":", count: 200), 641, .tooDeep(limit: 128)),
        ])
    func refuses(_ text: String, _ offset: Int, _ kind: JSONError.Kind) {
        let error = failure(Array(text.utf8))
        #expect(error == JSONError(offset: offset, kind: kind))
        #expect(error?.description.hasPrefix("not valid JSON at byte \(offset): ") == true)
    }

    @Test func refusesBytesThatAreNotUTF8() {
        #expect(failure([0x22, 0xC3, 0x28, 0x22]) == JSONError(offset: 1, kind: .notUTF8))
        #expect(failure([0x22, 0x5C, 0x6E, 0xC3, 0x22]) == JSONError(offset: 1, kind: .notUTF8))
        #expect(failure([0xEF, 0xBB, 0xBF, 0x31]) != nil)
    }

    @Test func refusesWhatIsTooLong() {
        #expect(failure(Array("[1]".utf8), limit: 3) == nil)
        let error = failure(Array("[1] ".utf8), limit: 3)
        #expect(error?.kind == .tooLong(found: 4, limit: 3))
        #expect(error?.description == "longer than the 3 bytes that are read: it has 4")
    }

    /// Few keys are compared one by one, many by a set: both must find a second one, wherever it stands.
    @Test(arguments: [2, 15, 16, 17, 18, 500]) func findsDuplicatesAmongManyKeys(count: Int) {
        let keys = (0..<count).map { "k\($0)" }
        func text(_ keys: [String]) -> [UInt8] {
            // Nested objects have keys of their own.
            Array("{\(keys.map { "\"\($0)\":{\"k0\":{\"k0\":1}}" }.joined(separator: ","))}".utf8)
        }
        #expect(failure(text(keys)) == nil)
        for repeated in Set([0, count / 2, count - 1]) {
            #expect(failure(text(keys + ["k\(repeated)"]))?.kind == .duplicateKey("k\(repeated)"))
        }
    }

    @Test("each leaf is named by its path, and a list of plain values is one leaf")
    func leaves() throws {
        let value = try parse(#"{"a": {"b": 1, "c": ["x", "y"]}, "d": [{"e": null}]}"#)
        #expect(value.leaves() == ["a.b": "1", "a.c": "[x, y]", "d.0.e": "null"])
    }
}
