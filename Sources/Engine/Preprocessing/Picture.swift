/// A picture: rows of red, green and blue bytes.
package struct Picture: Sendable {
    package let width: Int
    package let height: Int
    /// `height × width × 3` values 0…255.
    package let pixels: [UInt8]

    /// - Returns: nil where the count of values does not fit the sides, or a side is below 1.
    package init?(width: Int, height: Int, pixels: [UInt8]) {
        // By division: the product of any two sides need not fit an integer.
        guard width > 0, height > 0, pixels.count.isMultiple(of: 3), (pixels.count / 3).isMultiple(of: width),
            pixels.count / 3 / width == height
        else { return nil }
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}
