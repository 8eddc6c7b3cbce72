import Testing

@testable import Files

@Suite struct ExactTextTests {
    private let composed = "/clips/caf\u{E9}.mp4"
    private let decomposed = "/clips/cafe\u{301}.mp4"

    @Test("texts that look alike and differ in their bytes are two keys")
    func unicodeForms() {
        // Which is why a String will not do.
        #expect(composed == decomposed)
        #expect(ExactText(composed) != ExactText(decomposed))
        #expect(Set([composed, decomposed, composed].map(ExactText.init)).count == 2)
        #expect(Set([composed, decomposed, composed].map(TextFingerprint.init)).count == 2)
        #expect(ExactText(decomposed) < ExactText(composed))
        #expect(ExactText("a") == ExactText("a") && ExactText("") != ExactText("a"))
    }

    @Test("a prefix is one of bytes, also where the next letter would join it")
    func prefixes() {
        #expect(ExactText(composed).dropping(prefix: "/clips/") == "caf\u{E9}.mp4")
        #expect(ExactText("/clips/\u{301}x").dropping(prefix: "/clips/") == "\u{301}x")
        #expect(ExactText(composed).dropping(prefix: "/clips/cafe") == nil)
        #expect(ExactText("a").dropping(prefix: "a") == "")
    }
}
