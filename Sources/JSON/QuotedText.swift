/// Text from outside as a message shows it: on one line, short, and without what would spoil a terminal.
package func quoted(_ text: String) -> String {
    let visible = text.unicodeScalars.prefix(60).map { scalar in
        scalar.properties.generalCategory == .control ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return "`\(visible.joined())\(text.unicodeScalars.count > 60 ? "…" : "")`"
}
