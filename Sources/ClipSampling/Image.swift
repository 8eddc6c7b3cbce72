/// An image or one frame of a video: 8-bit red, green, blue, row by row from the top, without padding.
package struct Image: Hashable, Sendable {
    /// Pixels of one image at most: 2^28, 768 MiB.
    package static let maximumPixels = 1 << 28

    /// Columns, at least 1.
    package let width: Int
    /// Rows, at least 1.
    package let height: Int
    /// H × W × 3 values 0…255.
    package let pixels: [UInt8]

    /// Nil unless `pixels` holds exactly width × height × 3 values and neither side is 0.
    package init?(width: Int, height: Int, pixels: [UInt8]) {
        guard width > 0, height > 0 else { return nil }
        let (area, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, area <= Self.maximumPixels, pixels.count == area * 3 else { return nil }
        self.init(unchecked: pixels, width: width, height: height)
    }

    /// For callers whose sizes agree by construction.
    package init(unchecked pixels: [UInt8], width: Int, height: Int) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Whether all pixels have nearly one colour: what a network makes whose numbers went astray.
    package var isBlank: Bool {
        var (low, high) = ([UInt8](repeating: 255, count: 3), [UInt8](repeating: 0, count: 3))
        for (index, value) in pixels.enumerated() {
            let channel = index % 3
            if value < low[channel] { low[channel] = value }
            if value > high[channel] { high[channel] = value }
        }
        return zip(low, high).allSatisfy { $1 - $0 <= 4 }
    }
}
