import Testing

@testable import Checkpoint

@Suite struct JSONValueTests {
    private func parse(_ text: String) -> Result<JSONValue, any Error> { parse(Array(text.utf8)) }

    private func parse(_ bytes: [UInt8]) -> Result<JSONValue, any Error> {
        Result { try bytes.withUnsafeBytes { try JSONValue(parsing: $0) } }
    }

    private func kind(_ text: String) -> JSONError.Kind? {
        if case .failure(let error) = parse(text) { (error as? JSONError)?.kind } else { nil }
    }

    @Test func readsEveryKindOfValue() throws {
        let value = try parse(#" {"a": [1, -2, 0.5, 1e3, true, false, null], "b": {"c": "x"}, "": ""} "#).get()
        #expect(
            value["a"]?.array == [
                .integer(1), .integer(-2), .number(0.5), .number(1000), .bool(true), .bool(false), .null,
            ])
        #expect(value["b"]?["c"]?.string == "x")
        #expect(value.members?.map(\.name) == ["a", "b", ""])
        #expect(try parse("9223372036854775807").get() == .integer(.max))
        #expect(try parse("9223372036854775808").get() == .number(9223372036854775808))
    }

    @Test func readsEscapes() throws {
        #expect(
            try parse(#""a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00z""#).get() == .string("a\"\\/\u{8}\u{c}\n\r\té\u{e9}😀z"))
    }

    @Test(arguments: [
        ("", JSONError.Kind.unexpectedEnd), ("{", .unexpectedEnd), ("[1,", .unexpectedEnd), ("\"a", .unexpectedEnd),
        ("{\"a\":1,}", .unexpectedByte(0x7D)), ("[1 2]", .unexpectedByte(0x32)), ("[01]", .badNumber),
        ("-", .badNumber), ("1.", .badNumber), ("1e", .badNumber), ("tru", .unexpectedEnd),
        ("nul1", .unexpectedByte(0x31)), ("{} x", .trailingBytes), (#"{"a":1,"b":2,"a":3}"#, .duplicateName("a")),
        (#"{"a":1,"\u0061":3}"#, .duplicateName("a")), (#""\ud800""#, .badEscape), (#""\udc00""#, .badEscape),
        (#""\ud800\u0041""#, .badEscape), (#""\x""#, .badEscape), ("\"\u{1}\"", .controlCharacter(1)),
        (String(repeating: "[", count: 200), .tooDeep(limit: 128)),
    ]) func refuses(_ text: String, _ expected: JSONError.Kind) { #expect(kind(text) == expected) }

    @Test func refusesBytesThatAreNotUTF8() {
        guard case .failure(let error) = parse([0x22, 0xC3, 0x28, 0x22]) else {
            Issue.record("accepted")
            return
        }
        #expect(error as? JSONError == JSONError(offset: 0, kind: .notUTF8))
    }
}
