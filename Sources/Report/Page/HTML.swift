internal import JSON

/// Text as HTML has it.
func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"": out += "&quot;"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out
}

/// A value as a script may have it anywhere: nothing in it ends the script's element.
func script(_ value: some Encodable) throws -> String {
    String(decoding: try JSONCoding.encode(value), as: UTF8.self).replacing("<", with: "\\u003c")
        .replacing("\u{2028}", with: "\\u2028").replacing("\u{2029}", with: "\\u2029")
}

/// A table with a heading for each column.
/// - Parameter rows: cells that are HTML already.
func table(_ headings: [String], _ rows: [[String]], numbers: Set<Int> = []) -> String {
    func cells(_ row: [String], _ name: String) -> String {
        row.enumerated().map { column, cell in
            "<\(name)\(numbers.contains(column) ? " class=number" : "")>\(cell)</\(name)>"
        }.joined()
    }
    let body = rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n")
    return
        "<div class=wide><table><thead><tr>\(cells(headings.map(escaped), "th"))</tr></thead><tbody>\n\(body)\n</tbody></table></div>"
}
