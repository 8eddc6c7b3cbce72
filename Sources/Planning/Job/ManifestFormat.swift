/// How a manifest is written.
package enum ManifestFormat: String, Codable, Sendable, CaseIterable {
    /// By the file's name, and for `.csv` by its first record.
    case auto
    /// One JSON object per line.
    case jsonl
    /// Comma-separated with a header.
    case csv
    /// The same with tabs.
    case tsv
    /// Header-less `id,sec,caption,split` of VGGSound; the clip is `{id}_{sec:06d}.mp4` below the root folder.
    case vggsound
    /// One prompt a line.
    case txt
}
