/// What a sample's files are called for av-benchmark.
///
/// It finds pairs by the files' names without extension. For most metrics it cuts those of the generated sounds first, where they
/// are as long as names of VGGSound with something around them, and it compares them with the names in a table that pandas
/// reads. A name that would not come through both gets underscores at its end.
///
/// Source: `clean_sample_name` in av-benchmark's `av_bench/utils.py`, and `extract_text.py`.
enum AVBenchmarkName {
    /// Lengths, in Unicode scalars, of names that are cut: of `000000014_zxpo56cpUBU_000007-0`, `Y---g-f_I2yQ_000001_0` and
    /// `zxpo56cpUBU_000007-0`.
    private static let cut: Set<Int> = [30, 21, 20]

    /// The name of a sample's files.
    /// - Parameter inTable: whether it stands in a table with captions.
    static func stem(_ name: String, inTable: Bool) -> String {
        var stem = name
        while cut.contains(stem.unicodeScalars.count) || inTable && !PandasField.comesBack(stem) { stem += "_" }
        return stem
    }
}
