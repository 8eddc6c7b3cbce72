import Checkpoint
internal import Files
import Foundation
import Shard
import Yams

/// The `README.md` of a model, which on the Hugging Face hub begins with YAML between two lines of `---`.
///
/// Source: the "model cards" page of the hub's documentation.
enum ModelCard {
    /// Front matter has a few hundred bytes; no more than this is read.
    private static let limit = 64 << 10

    /// The licence that the card in a model's folder, or beside its file, names.
    /// - Returns: nil where there is no card, or none that names a licence: that keeps no model from being used.
    static func license(of location: ModelLocation) -> String? {
        let folder =
            location.isFolder ? location.path : URL(filePath: location.path).deletingLastPathComponent().path
        guard let file = try? InputFile("\(folder)/README.md"),
            let start = try? file.read(at: 0, count: min(file.size, limit))
        else { return nil }
        return license(in: String(decoding: start, as: UTF8.self))
    }

    /// The licence, or several with commas between them, that a card's text names.
    static func license(in text: String) -> String? {
        // By scalars, because CR LF is one Character.
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0).trimmingCharacters(in: .whitespacesAndNewlines) }
        let isFence = lines.map { $0 == "---" || $0 == "\u{FEFF}---" }
        guard isFence.first == true, let end = isFence.dropFirst().firstIndex(of: true) else { return nil }
        let original = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)[1..<end]
        guard let matter = try? Yams.compose(yaml: original.map(String.init).joined(separator: "\n")),
            let value = matter["license"]
        else { return nil }
        let names = (value.sequence.map(Array.init) ?? [value]).compactMap { name in
            name.null == nil ? name.scalar?.string.trimmingCharacters(in: .whitespacesAndNewlines) : nil
        }
        let license = names.filter { !$0.isEmpty }.joined(separator: ", ")
        return license.isEmpty ? nil : license
    }
}
