package import Foundation

/// Where the goldens lie, and what they were made with: a checkout, or what was unpacked of one.
package struct GoldenData: Sendable {
    /// The checkout's root.
    package let root: URL
    /// The goldens of whole runs, step by step.
    package var traces: URL
    /// The goldens of single layers and networks.
    package var units: URL

    /// The places below a checkout's root, whether or not anything is there.
    package init(root: URL) {
        self.root = root
        traces = root.appending(path: "Tests/Fixtures/Data/traces")
        units = root.appending(path: "Tests/Fixtures/Data/units")
    }

    /// How the models with random weights are drawn.
    package var recipe: URL { root.appending(path: "Models/random/recipe.txt") }
    /// The SHA-256 of each of their files that any program draws with the same bytes.
    package var sums: URL { root.appending(path: "Models/random/SHA256SUMS") }

    /// The golden trace of a run.
    /// - Throws: errors of files, with their path.
    package func trace(_ name: String) throws -> GoldenTrace { try GoldenTrace(name, in: traces) }

    /// The goldens of one kind of unit, such as `networks`.
    /// - Throws: errors of files, with their path.
    package func units(_ name: String) throws -> GoldenFile {
        try GoldenFile(at: units.appending(path: "\(name).safetensors"))
    }

    /// What describes the units of one kind, such as their shapes and seeds.
    /// - Throws: errors of files, with their path; ``GoldenError``.
    package func description<T: Decodable>(_ type: T.Type = T.self, of name: String) throws -> T {
        try GoldenFile.json(type, at: units.appending(path: "\(name).json"))
    }
}
