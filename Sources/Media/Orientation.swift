package import ClipSampling

/// How a stored image has to be turned to be looked at: a multiple of 90°, perhaps after mirroring.
package struct Orientation: Hashable, Sendable {
    /// Where a step to the right in the stored image leads: (x, y) in the shown one, each −1, 0 or 1, y downwards.
    private let right: [Int]
    /// Where a step down in the stored image leads.
    private let down: [Int]

    /// Shown as it is stored.
    package static let upright = Orientation(right: [1, 0], down: [0, 1])

    private init(right: [Int], down: [Int]) {
        self.right = right
        self.down = down
    }

    /// From the nine 16.16 numbers of a display matrix, as mp4 stores it: x' = a·x + c·y, y' = b·x + d·y.
    ///
    /// A matrix that is not a multiple of 90° (with or without mirroring) counts as upright: such turns need a canvas
    /// that nobody agrees on.
    package init(displayMatrix m: [Int32]) {
        guard m.count == 9 else {
            self = .upright
            return
        }
        let (a, b, c, d) = (Int64(m[0]), Int64(m[1]), Int64(m[3]), Int64(m[4]))
        if abs(b) * 100 < abs(a), abs(c) * 100 < abs(d) {
            self.init(right: [a.signum() == -1 ? -1 : 1, 0], down: [0, d.signum() == -1 ? -1 : 1])
        } else if abs(a) * 100 < abs(b), abs(d) * 100 < abs(c) {
            self.init(right: [0, b.signum() == -1 ? -1 : 1], down: [c.signum() == -1 ? -1 : 1, 0])
        } else {
            self = .upright
        }
    }

    /// From the EXIF tag, 1…8; anything else counts as upright.
    package init(exif: Int) {
        switch exif {
        case 2: self.init(right: [-1, 0], down: [0, 1])
        case 3: self.init(right: [-1, 0], down: [0, -1])
        case 4: self.init(right: [1, 0], down: [0, -1])
        case 5: self.init(right: [0, 1], down: [1, 0])
        case 6: self.init(right: [0, 1], down: [-1, 0])
        case 7: self.init(right: [0, -1], down: [-1, 0])
        case 8: self.init(right: [0, -1], down: [1, 0])
        default: self = .upright
        }
    }

    /// This one, and then another.
    package func followed(by next: Orientation) -> Orientation {
        func turned(_ step: [Int]) -> [Int] {
            [0, 1].map { step[0] * next.right[$0] + step[1] * next.down[$0] }
        }
        return Orientation(right: turned(right), down: turned(down))
    }

    /// Whether width and height change places.
    package var swapsSides: Bool { right[0] == 0 }

    /// Whether the image is mirrored besides being turned.
    package var isMirrored: Bool { right[0] * down[1] - right[1] * down[0] < 0 }

    /// Degrees clockwise, 0, 90, 180 or 270, that the stored image is turned (mirroring left and right first).
    package var degrees: Int {
        let step = isMirrored ? [-right[0], -right[1]] : right
        switch (step[0], step[1]) {
        case (0, 1): return 90
        case (-1, 0): return 180
        case (0, -1): return 270
        default: return 0
        }
    }

    /// The image as it is meant to be seen.
    package func apply(to image: Image) -> Image {
        if self == .upright { return image }
        let (w, h) = (image.width, image.height)
        let (newWidth, newHeight) = swapsSides ? (h, w) : (w, h)
        // The offset that brings the smallest coordinate to 0.
        let x0 = (right[0] < 0 ? w - 1 : 0) + (down[0] < 0 ? h - 1 : 0)
        let y0 = (right[1] < 0 ? w - 1 : 0) + (down[1] < 0 ? h - 1 : 0)
        let stepRight = (right[1] * newWidth + right[0]) * 3
        let pixels = [UInt8](unsafeUninitializedCapacity: w * h * 3) { target, count in
            image.pixels.withUnsafeBufferPointer { source in
                var from = 0
                for y in 0..<h {
                    var to = ((y0 + down[1] * y) * newWidth + x0 + down[0] * y) * 3
                    for _ in 0..<w {
                        target[to] = source[from]
                        target[to + 1] = source[from + 1]
                        target[to + 2] = source[from + 2]
                        from += 3
                        to += stepRight
                    }
                }
            }
            count = w * h * 3
        }
        return Image(unchecked: pixels, width: newWidth, height: newHeight)
    }
}
