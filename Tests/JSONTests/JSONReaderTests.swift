import Foundation
import TestSupport
import Testing

@testable import JSON

@Suite struct JSONReaderTests {
    @Test("integers of every width are read up to their limits")
    func integersOfEveryWidth() throws {
        var reader = JSONReader("[-128, 255, 9223372036854775807, -9223372036854775808, 18446744073709551615, -0]")
        var found: [String] = []
        try reader.array { reader throws(JSONError) in
            switch found.count {
            case 0: found.append("\(try reader.integer(Int8.self))")
            case 1: found.append("\(try reader.integer(UInt8.self))")
            case 2, 3: found.append("\(try reader.integer(Int64.self))")
            case 4: found.append("\(try reader.integer(UInt64.self))")
            default: found.append("\(try reader.integer(UInt.self))")
            }
        }
        #expect(
            found == ["-128", "255", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "0"])
    }

    @Test(
        "an integer that does not fit its type is an error that begins with it",
        arguments: [
            "128", "-129", "1.0", "1e2", "99999999999999999999", "-99999999999999999999", "9223372036854775808",
            "-9223372036854775809",
        ])
    func integersOutOfRange(text: String) {
        #expect {
            var reader = JSONReader(text)
            _ = try reader.integer(Int8.self)
        } throws: { error in
            guard case .content(let reason)? = (error as? JSONError)?.kind else { return false }
            return reason.hasPrefix(text)
        }
    }

    @Test("a value of another kind than asked for is named with both kinds")
    func valuesOfAnotherKind() {
        func description(_ read: (inout JSONReader) throws(JSONError) -> Void) -> String {
            var reader = JSONReader(" [1]")
            do throws(JSONError) {
                try read(&reader)
                return ""
            } catch {
                return error.description
            }
        }
        #expect(
            description { reader throws(JSONError) in _ = try reader.string() }
                == "not valid JSON at byte 1: found `[` where a string was expected")
        #expect(description { reader throws(JSONError) in _ = try reader.integer(Int.self) }.contains("a number"))
        #expect(description { reader throws(JSONError) in _ = try reader.double() }.contains("a number"))
        #expect(description { reader throws(JSONError) in _ = try reader.bool() }.contains("true or false"))
        #expect(description { reader throws(JSONError) in try reader.null() }.contains("null"))
        #expect(description { reader throws(JSONError) in try reader.object { _, _ in } }.contains("an object"))
        #expect(
            description { reader throws(JSONError) in throw reader.error("x is missing") } == "x is missing (byte 0)")
        var huge = JSONReader("1e999")
        #expect(throws: JSONError.self) { try huge.double() }
    }

    @Test func writerEscapesAndReaderUndoesIt() throws {
        let text = "a\"b\\c\n\u{7F}\u{0}é🐶"
        var writer = JSONWriter()
        writer.begin()
        writer.field("t", text)
        writer.field("n", 2.5)
        writer.field("w", 3.0)
        writer.field("s", UInt64.max)
        writer.field("none", nil as String?)
        writer.end()
        let value = try JSONValue(parsing: writer.bytes)
        #expect(value["t"]?.string == text)
        #expect(value["n"]?.double == 2.5)
        #expect(value["w"] == .number("3"))
        #expect(value["s"] == .number("18446744073709551615"))
        #expect(value.members?.map(\.name) == ["t", "n", "w", "s"])
    }

    /// Foundation refuses numbers beyond a Double, of which we keep the digits.
    private func fitsDoubles(_ value: JSONValue) -> Bool {
        switch value {
        case .number: value.double?.isFinite == true
        case .array(let values): values.allSatisfy(fitsDoubles)
        case .object(let members): members.allSatisfy { fitsDoubles($0.value) }
        case .null, .bool, .string: true
        }
    }

    /// 20,000 damaged documents: what is accepted, Foundation accepts too, and skipping agrees with reading.
    @Test("what is accepted of damaged documents Foundation accepts too, and skipping agrees with reading")
    func fuzz() {
        let seeds = [
            #"{"a":[1,-2.5e3,true,null,"x\n\u00e9\ud83d\ude00"],"b":{"c":"é","d":[]},"e":12345678901234567890}"#,
            #"[{"dtype":"F32","shape":[320,4],"data_offsets":[0,5120]},"",{"":{}}]"#,
        ].map { Array($0.utf8) }
        var mutator = ByteMutator(seed: 7)
        var accepted = 0
        for round in 0..<20_000 {
            let bytes = mutator.mutate(seeds[round % seeds.count])
            let value = try? JSONValue(parsing: bytes)
            #expect((value == nil) == ((try? JSONReader.check(bytes)) == nil))
            guard let value else { continue }
            accepted += 1
            let known = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            #expect((known != nil) == fitsDoubles(value), "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect((500..<15_000).contains(accepted))
    }
}
