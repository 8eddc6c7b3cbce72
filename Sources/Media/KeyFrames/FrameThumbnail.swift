internal import ClipSampling

/// A small copy of a frame, and what is measured on it: sharpness, brightness, contrast, colours. Whole numbers all the
/// way, so that equal frames measure equal everywhere.
struct FrameThumbnail: Sendable {
    /// Pixels of the long side; smaller images stay as they are.
    static let longSide = 160

    /// Variance of the Laplacian of luma: large where neighbouring pixels differ in many places.
    let sharpness: Double
    /// Mean of luma, 0…1.
    let brightness: Double
    /// Standard deviation of luma, 0…0.5.
    let contrast: Double
    /// Which colours it has.
    let colours: ColourHistogram

    /// - Parameter image: a whole frame; only the measures are kept of it.
    init(_ image: Image) {
        let small = Self.shrunk(image)
        let luma = stride(from: 0, to: small.pixels.count, by: 3).map { Self.luma(small.pixels, at: $0) }
        sharpness = Self.laplacianVariance(luma, width: small.width, height: small.height)
        let (sum, squares) = luma.reduce((0, 0)) { ($0.0 + $1, $0.1 + $1 * $1) }
        brightness = Double(sum) / Double(luma.count * 255)
        contrast = Self.variance(sum, squares, luma.count).squareRoot() / 255
        colours = ColourHistogram(small.pixels)
    }

    /// BT.601 luma, 0…255, of the pixel that begins at `i`.
    private static func luma(_ pixels: [UInt8], at i: Int) -> Int {
        (19595 * Int(pixels[i]) + 38470 * Int(pixels[i + 1]) + 7471 * Int(pixels[i + 2]) + 32768) >> 16
    }

    /// The mean of the pixels that fall into each pixel of the smaller image.
    private static func shrunk(_ image: Image) -> (pixels: [UInt8], width: Int, height: Int) {
        let long = max(image.width, image.height)
        guard long > longSide else { return (image.pixels, image.width, image.height) }
        let width = max(image.width * longSide / long, 1)
        let height = max(image.height * longSide / long, 1)
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        image.pixels.withUnsafeBufferPointer { source in
            for y in 0..<height {
                let rows = y * image.height / height..<(y + 1) * image.height / height
                for x in 0..<width {
                    let columns = x * image.width / width..<(x + 1) * image.width / width
                    var (r, g, b) = (0, 0, 0)
                    for row in rows {
                        var at = (row * image.width + columns.lowerBound) * 3
                        for _ in columns {
                            r += Int(source[at])
                            g += Int(source[at + 1])
                            b += Int(source[at + 2])
                            at += 3
                        }
                    }
                    let count = rows.count * columns.count
                    let to = (y * width + x) * 3
                    pixels[to] = UInt8((r + count / 2) / count)
                    pixels[to + 1] = UInt8((g + count / 2) / count)
                    pixels[to + 2] = UInt8((b + count / 2) / count)
                }
            }
        }
        return (pixels, width, height)
    }

    /// Of 4·c − left − right − above − below over the inner pixels; 0 where there are none.
    private static func laplacianVariance(_ luma: [Int], width: Int, height: Int) -> Double {
        guard width >= 3, height >= 3 else { return 0 }
        var (sum, squares) = (0, 0)
        for y in 1..<height - 1 {
            for at in y * width + 1..<(y + 1) * width - 1 {
                let value = 4 * luma[at] - luma[at - 1] - luma[at + 1] - luma[at - width] - luma[at + width]
                sum += value
                squares += value * value
            }
        }
        return variance(sum, squares, (width - 2) * (height - 2))
    }

    private static func variance(_ sum: Int, _ squares: Int, _ count: Int) -> Double {
        Double(squares * count - sum * sum) / Double(count * count)
    }
}
