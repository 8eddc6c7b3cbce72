/// A repository of the Hugging Face hub and a revision of it, written `name`, `org/name` or `org/name@revision`.
package struct HubReference: Sendable, Equatable, CustomStringConvertible {
    /// `org/name`, or the bare name of the few repositories that have no organisation.
    package let repository: String
    /// A branch, tag or commit hash; nil for `main`.
    package let revision: String?

    /// Nil where `text` is no such reference.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard names.count <= 2, names.allSatisfy(Self.isName) else { return nil }
        if parts.count == 2 {
            let steps = parts[1].split(separator: "/", omittingEmptySubsequences: false)
            guard steps.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        }
        repository = String(parts[0])
        revision = parts.count == 2 ? String(parts[1]) : nil
    }

    package var description: String { repository + (revision.map { "@\($0)" } ?? "") }

    /// The folder of the repository in a cache.
    var cacheFolder: String { "models--" + repository.split(separator: "/").joined(separator: "--") }

    /// The command that fetches the given files, or the whole repository for none.
    package func downloadCommand(files: [String]) -> String {
        (["hf download", repository] + files + (revision.map { ["--revision", $0] } ?? [])).joined(separator: " ")
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
        guard text.utf8.count <= 96, !text.contains("--"), !text.contains("..") else { return false }
        return text.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || "._-".unicodeScalars.contains($0))
        }
    }
}
