package import ClipSampling

/// A picture without colour, 8 bits, row by row from the top.
package struct GreyImage: Equatable, Sendable {
    /// Columns, at least 1.
    package let width: Int
    /// Rows, at least 1.
    package let height: Int
    /// H × W values 0…255.
    package let pixels: [UInt8]

    /// Nil unless `pixels` holds exactly width × height values and neither side is 0.
    package init?(width: Int, height: Int, pixels: [UInt8]) {
        guard width > 0, height > 0, width <= Image.maximumPixels, height <= Image.maximumPixels,
            pixels.count == width * height
        else { return nil }
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The luminance of a picture, in OpenCV's whole numbers: (9798 R + 19235 G + 3735 B + 2¹⁴) / 2¹⁵, rounded down.
    ///
    /// Source: OpenCV, `COLOR_BGR2GRAY` of 8 bits.
    package init(_ image: Image) {
        width = image.width
        height = image.height
        let count = image.width * image.height
        pixels = image.pixels.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: count) { target, filled in
                for i in 0..<count {
                    let (r, g, b) = (Int32(source[i * 3]), Int32(source[i * 3 + 1]), Int32(source[i * 3 + 2]))
                    // The weights sum to 2¹⁵: at most 255.
                    target[i] = UInt8(truncatingIfNeeded: (9798 * r + 19235 * g + 3735 * b + 16384) >> 15)
                }
                filled = count
            }
        }
    }
}
