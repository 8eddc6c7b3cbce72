/// The columns of a manifest; their names in JSONL and CSV.
package enum ManifestColumn: String, Sendable, CaseIterable {
    case id, task, prompt
    case negativePrompt = "negative_prompt"
    case video, image, audio, start, duration, seed

    /// All names, as an error message lists them.
    static let names = allCases.map(\.rawValue).joined(separator: ", ")
}
