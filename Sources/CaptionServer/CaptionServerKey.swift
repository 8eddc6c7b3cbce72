package import Method

/// What a caption server knows its users by. Only the environment has it: no file, no log, no message.
package struct CaptionServerKey: Sendable {
    /// The variable.
    package static let variable = "SEEHEAR_CAPTION_KEY"

    let text: String

    /// The environment's key; nil where it has none.
    /// - Throws: ``CaptionServerError`` for one that no header can hold.
    package init?(environment: [String: String]) throws(CaptionServerError) {
        guard let text = environment[Self.variable], !text.isEmpty else { return nil }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CaptionServerError(
                "\(Self.variable) has spaces, line ends or letters outside of ASCII, which no key has: set it anew.")
        }
        self.text = text
    }
}
