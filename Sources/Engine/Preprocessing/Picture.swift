/// A picture: rows of red, green and blue bytes.
package struct Picture: Sendable {
    package let width: Int
    package let height: Int
    /// `height × width × 3` values 0…255.
    package let pixels: [UInt8]

    /// - Returns: nil where the count of values does not fit the sides, or a side is below 1.
    package init?(width: Int, height: Int, pixels: [UInt8]) {
        guard width > 0, height > 0, pixels.count == width * height * 3 else { return nil }
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}
