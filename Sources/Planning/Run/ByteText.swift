/// Numbers of bytes for people.
package enum ByteText {
    /// Three digits and a decimal unit: `1.25 GB`.
    package static func short(_ bytes: Int64) -> String {
        var value = Double(bytes)
        for unit in ["bytes", "kB", "MB", "GB", "TB"] {
            if value < 1000 || unit == "TB" {
                let digits = unit == "bytes" || value >= 100 ? 0 : value >= 10 ? 1 : 2
                return "\(rounded(value, digits)) \(unit)"
            }
            value /= 1000
        }
        return "\(bytes) bytes"
    }

    private static func rounded(_ value: Double, _ digits: Int) -> String {
        let scale = [1.0, 10, 100][digits]
        let whole = Int((value * scale).rounded())
        let fraction = String(whole % Int(scale) + Int(scale)).dropFirst()
        return digits == 0 ? "\(whole)" : "\(whole / Int(scale)).\(fraction)"
    }
}
