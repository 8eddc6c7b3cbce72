/// How often each shade of red, green and blue occurs: 16 bins a channel. A value counts for the two bins beside it, the
/// more the nearer, so that an image that grows a little brighter does not jump from bin to bin.
struct ColourHistogram: Sendable {
    private static let bins = 16
    /// Channel after channel; each pixel adds 255 to each.
    private let counts: [Int]
    private let pixels: Int

    /// - Parameter rgb: red, green and blue bytes in turn, at least one pixel.
    init(_ rgb: [UInt8]) {
        var counts = [Int](repeating: 0, count: 3 * Self.bins)
        for (i, value) in rgb.enumerated() {
            let (bin, rest) = (Int(value) * (Self.bins - 1)).quotientAndRemainder(dividingBy: 255)
            let at = i % 3 * Self.bins + bin
            counts[at] += 255 - rest
            if rest > 0 { counts[at + 1] += rest }
        }
        self.counts = counts
        pixels = rgb.count / 3
    }

    /// The share of colour that would have to change, 0 (the same shades) … 1 (no shade in common): half the sum of the
    /// differences, averaged over the channels. A stream may change its size: each counts by its own number of pixels.
    func distance(to other: ColourHistogram) -> Double {
        let sum = zip(counts, other.counts).reduce(0) { $0 + abs($1.0 * other.pixels - $1.1 * pixels) }
        return Double(sum) / Double(6 * 255 * max(pixels * other.pixels, 1))
    }
}
