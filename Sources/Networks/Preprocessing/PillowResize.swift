internal import ClipSampling
internal import Foundation

/// Resizing of 8-bit images with Pillow's rounding: a cubic filter (a = −0.5) widened when shrinking, first along
/// the rows, then along the columns, each pass rounded to bytes.
///
/// Source: Pillow `src/libImaging/Resample.c` (`ImagingResampleInner`, 8 bits per channel), up to version 12; from 13 on pictures
/// whose height shrinks most go along the columns first, and come out up to 7 of 255 apart.
enum PillowResize {
    /// Fraction bits of a weight.
    private static let precision = 22

    /// The short side resized to `side` and the middle square cut out, as torchvision's `Resize` and `CenterCrop`.
    static func shortSide(_ image: Image, to side: Int) -> Image {
        let size = size(of: image, shortSide: side)
        return square(image, resizedTo: size, at: (middle(size.width - side), middle(size.height - side)), side: side)
    }

    /// The short side resized to `side`, and a square of the image cut out, at each of these places.
    static func squares(
        _ image: Image, shortSide side: Int, at places: ((width: Int, height: Int)) -> [(left: Int, top: Int)]
    ) -> [Image] {
        let size = size(of: image, shortSide: side)
        return places(size).map { square(image, resizedTo: size, at: $0, side: side) }
    }

    /// The whole image in another size, whatever becomes of its shape.
    static func squashed(_ image: Image, width: Int, height: Int) -> Image {
        let narrow =
            width == image.width
            ? image : horizontal(image, weights(from: image.width, to: width, range: 0..<width))
        return height == image.height
            ? narrow : vertical(narrow, weights(from: image.height, to: height, range: 0..<height))
    }

    /// The size that an image has when its short side is resized.
    private static func size(of image: Image, shortSide side: Int) -> (width: Int, height: Int) {
        let (width, height) = (image.width, image.height)
        return width <= height ? (side, max(side, side * height / width)) : (max(side, side * width / height), side)
    }

    /// Rows and columns that the square does not show are not computed.
    private static func square(
        _ image: Image, resizedTo size: (width: Int, height: Int), at place: (left: Int, top: Int), side: Int
    ) -> Image {
        let (left, top) = place
        let columns = weights(from: image.width, to: size.width, range: left..<left + side)
        let rows = weights(from: image.height, to: size.height, range: top..<top + side)
        let narrow = size.width == image.width ? crop(image, left, side) : horizontal(image, columns)
        return size.height == image.height ? cropRows(narrow, top, side) : vertical(narrow, rows)
    }

    /// Python's `int(round(x / 2))`: halves go to the even neighbour.
    private static func middle(_ excess: Int) -> Int { Int((Double(excess) / 2).rounded(.toNearestOrEven)) }

    private struct Window {
        let first: Int
        let weights: [Int32]
    }

    private static func weights(from input: Int, to output: Int, range: Range<Int>) -> [Window] {
        let scale = Double(input) / Double(output)
        let filterScale = max(scale, 1)
        let support = 2 * filterScale
        // Multiplied by, where a division would round differently from Pillow.
        let inverse = 1 / filterScale
        return range.map { position in
            let center = (Double(position) + 0.5) * scale
            let first = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), input)
            let raw = (first..<max(end, first + 1)).map { cubic((Double($0) - center + 0.5) * inverse) }
            let sum = raw.reduce(0, +)
            let unit = Double(1 << precision)
            return Window(
                first: first,
                weights: raw.map { value in
                    let scaled = (sum == 0 ? value : value / sum) * unit
                    return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
                })
        }
    }

    private static func cubic(_ x: Double) -> Double {
        let a = -0.5
        let x = abs(x)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
        return 0
    }

    private static func byte(_ sum: Int64) -> UInt8 { UInt8(clamping: sum >> Int64(precision)) }
    private static let half = Int64(1) << Int64(precision - 1)

    private static func horizontal(_ image: Image, _ windows: [Window]) -> Image {
        var pixels = [UInt8](repeating: 0, count: windows.count * image.height * 3)
        for row in 0..<image.height {
            for (column, window) in windows.enumerated() {
                var (r, g, b) = (half, half, half)
                var source = (row * image.width + window.first) * 3
                for weight in window.weights {
                    r += Int64(image.pixels[source]) * Int64(weight)
                    g += Int64(image.pixels[source + 1]) * Int64(weight)
                    b += Int64(image.pixels[source + 2]) * Int64(weight)
                    source += 3
                }
                let target = (row * windows.count + column) * 3
                pixels[target] = byte(r)
                pixels[target + 1] = byte(g)
                pixels[target + 2] = byte(b)
            }
        }
        return Image(unchecked: pixels, width: windows.count, height: image.height)
    }

    private static func vertical(_ image: Image, _ windows: [Window]) -> Image {
        let stride = image.width * 3
        var pixels = [UInt8](repeating: 0, count: windows.count * stride)
        for (row, window) in windows.enumerated() {
            for x in 0..<stride {
                var sum = half
                for (offset, weight) in window.weights.enumerated() {
                    sum += Int64(image.pixels[(window.first + offset) * stride + x]) * Int64(weight)
                }
                pixels[row * stride + x] = byte(sum)
            }
        }
        return Image(unchecked: pixels, width: image.width, height: windows.count)
    }

    private static func crop(_ image: Image, _ left: Int, _ width: Int) -> Image {
        let pixels = (0..<image.height).flatMap { row in
            let start = (row * image.width + left) * 3
            return image.pixels[start..<start + width * 3]
        }
        return Image(unchecked: pixels, width: width, height: image.height)
    }

    private static func cropRows(_ image: Image, _ top: Int, _ height: Int) -> Image {
        let stride = image.width * 3
        return Image(
            unchecked: Array(image.pixels[top * stride..<(top + height) * stride]), width: image.width,
            height: height)
    }
}
