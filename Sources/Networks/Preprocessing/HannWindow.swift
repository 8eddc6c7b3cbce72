internal import Foundation

/// The raised cosine `½ − ½ cos(2π i / n)` as windows of spectra.
enum HannWindow {
    /// One period of it: the value that would follow is the first.
    static func periodic(_ count: Int) -> [Double] { (0..<count).map { value($0, of: count) } }

    /// From one zero to the other.
    static func symmetric(_ count: Int) -> [Double] { (0..<count).map { value($0, of: count - 1) } }

    private static func value(_ index: Int, of period: Int) -> Double {
        0.5 - 0.5 * Foundation.cos(2 * .pi * Double(index) / Double(period))
    }
}
