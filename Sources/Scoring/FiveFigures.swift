internal import Foundation

extension Double {
    /// Up to five figures that count, for tables: `−0.0123`, `326.20`, `1.2500e-06`.
    package var fiveFigures: String {
        guard isFinite else { return "\(self)" }
        let size = magnitude
        let digits = size >= 1000 ? 1 : size >= 100 ? 2 : size >= 10 ? 3 : 4
        let isPlain = size == 0 || (0.001..<1e9).contains(size)
        return (self < 0 ? "−" : "") + String(format: isPlain ? "%.\(digits)f" : "%.4e", size)
    }
}
