internal import Checkpoint

/// Reads the sizes of a UNet in guided-diffusion's layout off the shapes of its tensors.
struct UNetShapes {
    private static let limit = 1 << 16

    private let shapes: [String: [Int]]
    private let path: String
    private let model: String
    private let purpose: String

    /// - Parameter purpose: what file is needed, for errors.
    init(_ file: WeightFile, model: String, purpose: String) {
        (shapes, path) = (file.networkShapes, file.path)
        (self.model, self.purpose) = (model, purpose)
    }

    /// Whether there is such a tensor.
    func holds(_ key: String) -> Bool { shapes[key] != nil }

    /// All sizes of a tensor.
    func sizes(_ key: String, rank: Int) throws -> [Int] {
        guard let shape = shapes[key] else {
            throw WeightFileError.missing(path: path, key: key, shape: nil, hint: "\(purpose) is needed")
        }
        guard shape.count == rank, shape.allSatisfy({ (1...Self.limit).contains($0) }) else {
            throw ConfigurationError(
                model, key, found: "of the shape \(shape)", expected: "\(rank) sizes between 1 and \(Self.limit)")
        }
        return shape
    }

    /// How many blocks each level has, and the first of each on the way down, where channels become those of the level.
    ///
    /// A block that enlarges stands last among the layers of an output block, at the end of every level but the finest.
    /// - Parameter convolution: the key of the first convolution in a layer that is a residual block.
    func levels(
        _ convolution: (String) -> String
    ) throws -> (blocks: Int, first: [String]) {
        var count = 0
        while shapes[convolution("output_blocks.\(count).0")] != nil { count += 1 }
        let enlarging = (0..<count).count { block in
            (1...2).contains { shapes[convolution("output_blocks.\(block).\($0)")] != nil }
        }
        let levels = enlarging + 1
        guard count > 0, count.isMultiple(of: levels), count / levels > 1 else {
            throw ConfigurationError(
                model, "output_blocks", found: "\(count), of which \(enlarging) enlarge",
                expected: "as many for each of \(levels) levels, two or more: \(purpose)")
        }
        let blocks = count / levels - 1
        return (blocks, (0..<levels).map { "input_blocks.\(1 + $0 * (blocks + 1))" })
    }

    /// How many times the channels of the first level a convolution puts out.
    func multiplier(_ key: String, of channels: Int) throws -> Int {
        let outputs = try sizes(key, rank: 4)[0]
        guard outputs.isMultiple(of: channels) else {
            throw ConfigurationError(
                model, key, found: "\(outputs) channels", expected: "a multiple of \(channels)")
        }
        return outputs / channels
    }
}
