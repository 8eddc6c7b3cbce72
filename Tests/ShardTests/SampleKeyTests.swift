import Testing

@testable import Shard

@Suite struct SampleKeyTests {
    @Test(
        "letters, digits and harmless signs make a key of up to 80 bytes",
        arguments: ["a", "-0p7hKXZ1ww", "_x", "clip_000042", "A+b=(c)!", String(repeating: "k", count: 80)])
    func allowed(key: String) throws { try SampleKey.validate(key) }

    @Test("a key that file names or tar cannot hold is refused with the rule it breaks")
    func refused() {
        let cases: [(String, SampleKeyError)] = [
            ("", .empty), (".hidden", .leadingDot(".hidden")), ("a.b", .dot("a.b")), ("a/b", .slash("a/b")),
            ("a b", .unprintable("a b", byte: 0x20)), ("a\nb", .unprintable("a\nb", byte: 0x0A)),
            ("a\\b", .unprintable("a\\b", byte: 0x5C)), ("é", .unprintable("é", byte: 0xC3)),
            (String(repeating: "k", count: 81), .tooLong(String(repeating: "k", count: 81), bytes: 81)),
        ]
        for (key, error) in cases {
            #expect(throws: error) { try SampleKey.validate(key) }
        }
    }

    @Test func messagesNameKeyAndRule() {
        #expect(SampleKeyError.slash("a/b").description.contains("`a/b` holds a slash"))
        #expect(!SampleKeyError.unprintable("a\nb", byte: 10).description.contains("\n"))
    }

    @Test(
        "short lower-case names make a member's extension, with or without inner dots",
        arguments: ["json", "mp4", "audio_latent.npy", "a-b.c"])
    func extensionsAllowed(name: String) throws { try MemberExtension.validate(name) }

    @Test(
        "an extension with empty parts, capitals, slashes or too many letters is refused",
        arguments: ["", ".json", "json.", "a..b", "JSON", "a/b", "x__", "_x", "a b", "twenty.letters.is.tooo"])
    func extensionsRefused(name: String) {
        #expect(throws: SampleError.extension(name)) { try MemberExtension.validate(name) }
    }

    @Test func longestNamesFitUstar() throws {
        let sample = Sample(
            key: String(repeating: "k", count: SampleKey.maximumLength),
            members: [String(repeating: "e", count: MemberExtension.maximumLength): [1]])
        #expect(try SampleBlock.parse(SampleBlock.encode(sample).bytes).sample == sample)
    }
}
