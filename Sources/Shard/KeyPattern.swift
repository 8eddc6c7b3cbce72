internal import Files
internal import Glibc

/// A key, or a pattern of keys: `*` stands for any text, `?` for one character, `[ab]` for one of several.
package struct KeyPattern: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    private let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.init(text) }

    package var description: String { text }

    /// Whether it may fit several keys.
    package var isOpen: Bool { text.utf8.contains { "*?[".utf8.contains($0) } }

    /// Whether a key is the text itself, or fits it as a pattern.
    package func fits(_ key: String) -> Bool {
        ExactText(key) == ExactText(text) || isOpen && fnmatch(text, key, 0) == 0
    }
}
