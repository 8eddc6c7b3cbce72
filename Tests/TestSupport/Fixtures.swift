package import Foundation
package import Goldens

/// Where the committed fixtures lie. Every folder under `Data` records, in its README, the command that made it.
package enum Fixtures {
    /// The root of this checkout.
    package static let checkout = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The goldens of this checkout.
    package static let goldens = GoldenData(root: checkout)

    /// The folder `Tests/Fixtures/Data`.
    package static let folder = checkout.appending(path: "Tests/Fixtures/Data")

    /// The small RoBERTa tokenizer of the toy world's and the random models, in the layout of published folders.
    package static let robertaTokenizer = checkout.appending(path: "Models/toyworld/audioldm/tokenizer")

    /// The first 1,000 merges of CLIP's vocabulary, as Stable Diffusion's folders hold them.
    package static let clipTokenizer = checkout.appending(path: "Models/toyworld/sd15/tokenizer")

    /// The same merges, as OpenAI published them for CLIP.
    package static let clipVocabulary = checkout.appending(
        path: "Models/toyworld/imagebind/bpe_simple_vocab_16e6.txt.gz")

    /// A file or folder below ``folder``, by relative path.
    package static func url(_ path: String) -> URL { folder.appending(path: path) }
}
