import Testing

@testable import Preflight

@Suite struct ModelCardTests {
    @Test(
        "a model card's licence is read from its front matter, and from nowhere else",
        arguments: [
            ("---\nlicense: mit\n---\n", "mit"),
            ("---\r\ntags: [a]\r\nlicense: \"apache-2.0\"\r\n---\r\ntext", "apache-2.0"),
            ("\u{FEFF}---\nlicense: mit # the code's\n---", "mit"),
            ("---\nlicense:\n- mit\n- cc-by-4.0\n---\n", "mit, cc-by-4.0"),
            ("---\nname: x\n---\nlicense: mit\n", nil), ("---\nlicense: mit\n", nil), ("license: mit\n", nil),
            ("", nil),
            ("# A model\n---\nlicense: mit\n---\n", nil), ("---\nlicense:\n---\n", nil),
            ("---\nlicense: null\n---\n", nil),
            ("---\nlicense: {name: mit}\n---\n", nil), ("---\nlicense: [\n---\n", nil), ("---\n- license\n---\n", nil),
            ("---\n---\n", nil), ("---\nlicense: mit\nlicense: gpl\n---\n", nil),
        ])
    func frontMatter(text: String, license: String?) { #expect(ModelCard.license(in: text) == license) }

    @Test("hostile front matter gives no licence and ends in time")
    func hostileFrontMatter() {
        let deep = String(repeating: "[", count: 60_000)
        #expect(ModelCard.license(in: "---\nlicense: \(deep)\n---\n") == nil)
        let laughs = (1..<20).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1), *a\($0 - 1)]" }.joined(separator: "\n")
        #expect(ModelCard.license(in: "---\na0: &a0 x\n\(laughs)\nlicense: mit\n---\n") == "mit")
    }
}
