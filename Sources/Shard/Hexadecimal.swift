/// A number in lower-case hexadecimal, padded with zeros to `digits`.
func hexadecimal(_ value: some FixedWidthInteger, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// Whether a string is `digits` lower-case hexadecimal digits.
func isHexadecimal(_ text: String, digits: Int) -> Bool {
    text.utf8.count == digits
        && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}

/// A number padded with zeros to six digits, as file names carry it.
func sixDigits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 6 - text.count)) + text
}

/// The number that ``sixDigits(_:)`` wrote, or nil where the text is not exactly what it writes.
func number(sixDigits text: some StringProtocol) -> Int? {
    guard let value = Int(text), value >= 0, sixDigits(value) == text else { return nil }
    return value
}
