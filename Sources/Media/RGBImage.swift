/// A picture: 8-bit red, green, blue, row by row from the top, without padding.
package struct RGBImage: Hashable, Sendable {
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
        guard !overflow, area <= Limits.pixels, pixels.count == area * 3 else { return nil }
        self.init(unchecked: pixels, width: width, height: height)
    }

    /// For callers in this module whose sizes agree by construction.
    init(unchecked pixels: [UInt8], width: Int, height: Int) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

/// Bounds on what a file may ask for; checked before anything is allocated.
package enum Limits {
    /// Pixels of one picture: 2^28, 768 MiB as RGB.
    package static let pixels = 1 << 28
    /// Bytes of all the frames that one call returns: 8 GiB.
    package static let frameBytes = 1 << 33
    /// Samples of one waveform, all channels together: 2^28, 1 GiB, 4.6 hours of mono at 16 kHz.
    package static let samples = 1 << 28
    /// Packets of one video stream: 2^22, 38 hours at 30 frames per second.
    package static let packets = 1 << 22
    /// Channels of a sound.
    package static let channels = 64
    /// Samples per second that are believed.
    package static let sampleRates = 1_000...768_000
}
