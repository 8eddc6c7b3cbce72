/// What `pandas.read_csv` makes of a field: it takes for a number, a truth value or nothing at all what looks like one, in
/// quotes too.
enum PandasField {
    private static let nothing: Set<String> = [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
        "NULL", "NaN", "None", "n/a", "nan", "null",
    ]

    /// Whether a field is text, whatever stands in the other rows.
    static func isText(_ field: String) -> Bool {
        let bare = field.trimming { $0 == " " || $0 == "\t" }
        return !nothing.contains(field) && !["true", "false"].contains(bare.lowercased()) && Double(bare) == nil
    }

    /// Whether Python's `str` of what is read is the field again: that of text, and of whole numbers in their usual form.
    static func comesBack(_ field: String) -> Bool {
        isText(field) || field.utf8.count <= 18 && Int(field).map { "\($0)" == field } ?? false
    }
}

extension String {
    fileprivate func trimming(while predicate: (Unicode.Scalar) -> Bool) -> String {
        let rest = unicodeScalars.drop(while: predicate)
        return String(String.UnicodeScalarView(rest.reversed().drop(while: predicate).reversed()))
    }
}
