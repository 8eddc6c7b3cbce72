/// A text that equals another only byte for byte, as paths, ids and keys do.
///
/// Swift's strings are equal where they look alike: two file names that differ in their Unicode form alone, composed (NFC) or
/// decomposed (NFD), would be one key of a dictionary, and are two files.
package struct ExactText: Hashable, Sendable, Comparable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package static func < (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8(0xFF))
    }

    /// The rest of the text behind a prefix; nil where it does not begin so.
    package func dropping(prefix: String) -> String? {
        guard text.utf8.starts(with: prefix.utf8) else { return nil }
        return String(text.utf8.dropFirst(prefix.utf8.count))
    }
}

/// Stands for a text among millions: 128 bits of its SHA-256, so that a set of them is small whatever the texts are.
package struct TextFingerprint: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    package init(_ text: String) {
        let digest = SHA256.digest(of: Array(text.utf8))
        high = digest[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = digest[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    // The bits are spread already.
    package func hash(into hasher: inout Hasher) { hasher.combine(low) }
}
