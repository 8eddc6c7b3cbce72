import Testing

@testable import JSON

@Suite struct JSONCodingTests {
    private struct Part: Codable, Equatable {
        var size: Int
        var name: String?
    }

    private struct Whole: Codable, Equatable {
        var parts: [Part]
        var path: String
    }

    private func failure(_ text: String, limit: Int = JSONReader.sizeLimit) -> JSONDecodingError? {
        do throws(JSONDecodingError) {
            _ = try JSONCoding.decode(Whole.self, from: Array(text.utf8), limit: limit)
            return nil
        } catch {
            return error
        }
    }

    @Test func keysAreSorted() throws {
        let whole = Whole(parts: [Part(size: 1, name: "x"), Part(size: 2)], path: "/a/é")
        let bytes = try JSONCoding.encode(whole)
        #expect(
            String(decoding: bytes, as: UTF8.self) == #"{"parts":[{"name":"x","size":1},{"size":2}],"path":"/a/é"}"#)
        #expect(try JSONCoding.decode(Whole.self, from: bytes) == whole)
        #expect(try JSONCoding.encode(whole, pretty: true).contains(0x0A))
        #expect(throws: EncodingError.self) { try JSONCoding.encode([Double.nan]) }
    }

    @Test(arguments: [
        (#"{"parts":[]}"#, "path", "is missing"),
        (#"{"parts":[{"size":1},{}],"path":""}"#, "parts[1].size", "is missing"),
        (#"{"parts":[{"size":"1"}],"path":""}"#, "parts[0].size", "has the wrong type, and Int is needed"),
        (#"{"parts":null,"path":""}"#, "parts", "is null, and Array"),
        (#"{"parts":[],"path":"a","path":"b"}"#, "", "occurs twice"), ("{", "", "is not valid JSON at byte 1"),
    ])
    func namesTheField(text: String, field: String, reason: String) throws {
        let error = try #require(failure(text))
        #expect(error.field == field)
        #expect(error.reason.contains(reason))
        #expect("\(error)".hasPrefix(field.isEmpty ? "it is not valid JSON" : "field '\(field)' "))
    }

    @Test func sizesAreLimited() {
        #expect(failure(#"{"parts":[],"path":""}"#, limit: 22) == nil)
        #expect(
            failure(#"{"parts":[],"path":""} "#, limit: 22)?.reason.hasPrefix("is longer than the 22 bytes") == true)
    }
}
