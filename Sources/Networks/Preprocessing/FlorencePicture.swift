package import ClipSampling
package import Torch

/// A picture as Florence-2 looks at it: squashed to a fixed size, scaled and shifted channel by channel.
///
/// Source: transformers `CLIPImageProcessor`, the slow one, whose resizing is Pillow's; `preprocessor_config.json` has the numbers.
package struct FlorencePicture: Decodable, Sendable {
    private let height: Int
    private let width: Int
    private let mean: [Float]
    private let deviation: [Float]

    private enum CodingKeys: String, CodingKey {
        case size, resample
        case mean = "image_mean"
        case deviation = "image_std"
        case crops = "do_center_crop"
        case resizes = "do_resize"
        case rescales = "do_rescale"
        case normalizes = "do_normalize"
        case factor = "rescale_factor"
    }

    private struct Size: Decodable {
        let height: Int
        let width: Int
    }

    /// Far above any that was published.
    private static let sideLimit = 4096

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func require<Value: Decodable & Equatable>(_ key: CodingKeys, _ value: Value) throws {
            guard let found = try container.decodeIfPresent(Value.self, forKey: key), found != value else { return }
            throw ConfigurationError(
                "the image processor", key.rawValue, found: "\(found)", expected: "\(value)")
        }
        // 3 is Pillow's bicubic.
        try require(.resample, 3)
        try require(.crops, false)
        try require(.resizes, true)
        try require(.rescales, true)
        try require(.normalizes, true)
        if let factor = try container.decodeIfPresent(Double.self, forKey: .factor), abs(factor * 255 - 1) > 1e-6 {
            throw ConfigurationError("the image processor", "rescale_factor", found: "\(factor)", expected: "1/255")
        }
        let size = try container.decode(Size.self, forKey: .size)
        guard (1...Self.sideLimit).contains(size.height), (1...Self.sideLimit).contains(size.width) else {
            throw ConfigurationError(
                "the image processor", "size", found: "\(size.height) × \(size.width)",
                expected: "a size up to \(Self.sideLimit)")
        }
        (height, width) = (size.height, size.width)
        func triple(_ key: CodingKeys) throws -> [Float] {
            let values = try container.decode([Double].self, forKey: key).map(Float.init)
            guard values.count == 3, key == .mean || values.allSatisfy({ $0 > 0 }) else {
                throw ConfigurationError(
                    "the image processor", key.rawValue, found: "\(values)", expected: "a list of 3 numbers")
            }
            return values
        }
        mean = try triple(.mean)
        deviation = try triple(.deviation)
    }

    /// - Returns: `[1, 3, height, width]`, in single precision.
    package func callAsFunction(_ image: Image) throws(TorchError) -> Tensor {
        let small = PillowResize.squashed(image, width: width, height: height)
        var values = [Float](repeating: 0, count: 3 * height * width)
        for place in 0..<height * width {
            for channel in 0..<3 {
                let value = Float(Double(small.pixels[3 * place + channel]) * (1 / 255.0))
                values[channel * height * width + place] = (value - mean[channel]) / deviation[channel]
            }
        }
        return try Tensor(values, shape: [1, 3, height, width])
    }
}
