internal import ClipSampling
internal import Foundation

/// What Katna measures of a frame.
///
/// Source: Katna 0.9.2 `image_selector.py`, with OpenCV's grey values and scikit-image's entropy.
enum KatnaMeasures {
    /// The mean of the largest of red, green and blue, 0 … 100.
    static func brightness(_ image: Image) -> Double {
        var sum = 0
        for place in stride(from: 0, to: image.pixels.count, by: 3) {
            sum += Int(max(image.pixels[place], image.pixels[place + 1], image.pixels[place + 2]))
        }
        return Double(sum) / Double(image.pixels.count / 3) / 255 * 100
    }

    /// BT.601 luma in bytes, with OpenCV's 14 fraction bits.
    static func grey(_ image: Image) -> [UInt8] {
        stride(from: 0, to: image.pixels.count, by: 3).map { (place: Int) -> UInt8 in
            let red = Int(image.pixels[place]) * 4899
            let green = Int(image.pixels[place + 1]) * 9617
            let blue = Int(image.pixels[place + 2]) * 1868
            return UInt8((red + green + blue + 8192) >> 14)
        }
    }

    /// The variance of the Laplacian of four neighbours; the border is mirrored without its edge.
    static func sharpness(_ grey: [UInt8], width: Int, height: Int) -> Double {
        func mirrored(_ place: Int, _ count: Int) -> Int {
            count == 1 ? 0 : place < 0 ? 1 : place >= count ? count - 2 : place
        }
        var (sum, squares) = (0, 0)
        for y in 0..<height {
            let (above, below) = (mirrored(y - 1, height) * width, mirrored(y + 1, height) * width)
            for x in 0..<width {
                let value =
                    Int(grey[above + x]) + Int(grey[below + x]) + Int(grey[y * width + mirrored(x - 1, width)])
                    + Int(grey[y * width + mirrored(x + 1, width)]) - 4 * Int(grey[y * width + x])
                sum += value
                squares += value * value
            }
        }
        let count = Double(width * height)
        let mean = Double(sum) / count
        return Double(squares) / count - mean * mean
    }

    private static let radius = 5
    /// How far a disk reaches to both sides, by the row's distance from its middle.
    private static let reach: [Int] = (0...radius).map { (row: Int) -> Int in
        Int(Double(radius * radius - row * row).squareRoot())
    }
    /// n · log₂ n.
    private static let weights: [Double] = (0...256).map { (n: Int) -> Double in
        n < 2 ? 0 : Double(n) * Foundation.log2(Double(n))
    }

    /// The mean over all pixels of the entropy, in bits, of the levels within five pixels; what lies outside is left out.
    ///
    /// The disk moves along a row and takes up and drops only its edges: `H = log₂ n − Σ nₗ log₂ nₗ / n`.
    static func entropy(_ grey: [UInt8], width: Int, height: Int) -> Double {
        var total = 0.0
        for y in 0..<height {
            var counts = [Int](repeating: 0, count: 256)
            var (inside, sum) = (0, 0.0)
            func change(_ row: Int, _ column: Int, by step: Int) {
                guard column >= 0, column < width else { return }
                let level = Int(grey[row * width + column])
                sum += weights[counts[level] + step] - weights[counts[level]]
                counts[level] += step
                inside += step
            }
            let rows = max(0, y - radius)...min(height - 1, y + radius)
            for row in rows { for column in 0..<reach[abs(row - y)] { change(row, column, by: 1) } }
            for x in 0..<width {
                for row in rows {
                    let far = reach[abs(row - y)]
                    change(row, x + far, by: 1)
                    if x > 0 { change(row, x - far - 1, by: -1) }
                }
                total += Foundation.log2(Double(inside)) - sum / Double(inside)
            }
        }
        return total / Double(width * height)
    }
}
