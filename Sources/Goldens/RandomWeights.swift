internal import Foundation
internal import Torch

/// Draws the tensors of a recipe's parts, one after the other.
struct RandomWeights {
    private let generator: Generator

    init(seed: UInt64) throws { generator = try Generator(seed: seed) }

    /// The tensors of the next part, by name, in single precision.
    func tensors(_ part: WeightRecipe.Part) throws -> [(name: String, tensor: Tensor)] {
        let sizes = part.numbers.map { Int($0) }
        switch part.kind {
        case "draw":
            return [(part.path, try generator.normal(Array(sizes.dropFirst())) * part.numbers[0])]
        case "fill":
            let shape = try generator.normal(Array(sizes.dropFirst())).shape
            return [(part.path, try Tensor.full(shape, part.numbers[0]))]
        case "causal":
            let count = try generator.normal(sizes).size(0)
            let values = (0..<count * count).map { $0 % count > $0 / count ? -Float.infinity : 0 }
            return [(part.path, try Tensor(values, shape: sizes))]
        case "count":
            let shape = Array(sizes.dropFirst())
            let values = (0..<shape.reduce(1, *)).map { Int64($0 * sizes[0]) }
            return [(part.path, try Tensor(values, shape: shape))]
        case "sinusoids":
            let (length, width) = (sizes[0], sizes[1])
            let exponents = try Tensor.arange(to: Double(width / 2)) * 2
            let frequencies = try (exponents * (-log(10_000.0) / Double(width))).exp()
            let angles = try Tensor.arange(to: Double(length)).unsqueeze(1) * frequencies
            return [(part.path, try Tensor.stack([angles.sin(), angles.cos()], -1).reshape([1, length, width]))]
        case "norm":
            return [
                ("\(part.path).weight", try generator.normal(sizes) * 0.1 + 1),
                ("\(part.path).bias", try generator.normal(sizes) * 0.05),
            ]
        case "matrix": return [(part.path, try weight(part, sizes, fanIn: fanIn(sizes)))]
        case "layer":
            return [
                ("\(part.path).weight", try weight(part, sizes, fanIn: fanIn(sizes))),
                ("\(part.path).bias", try bias(part, sizes[0])),
            ]
        case "transposed":
            let fanIn = try Double(sizes[0] * sizes[2]) / (number("stride", of: part) ?? 1)
            return [
                ("\(part.path).weight", try weight(part, sizes, fanIn: fanIn)),
                ("\(part.path).bias", try bias(part, sizes[1])),
            ]
        default: throw WeightRecipe.Misfit(line: "\(part.path) \(part.kind)")
        }
    }

    private func fanIn(_ shape: [Int]) -> Double { Double(shape.dropFirst().reduce(1, *)) }

    private func weight(_ part: WeightRecipe.Part, _ shape: [Int], fanIn: Double) throws -> Tensor {
        let gain = try number("gain", of: part) ?? 1
        let drawn = try generator.normal(shape) * (gain / fanIn.squareRoot())
        let (damp, copy) = (try pair("damp", of: part), try pair("copy", of: part))
        let (split, join) = (try pair("split", of: part), try pair("join", of: part))
        var values = try drawn.floats()
        let inputs = shape.dropFirst().reduce(1, *)
        let kernel = shape.dropFirst(2).reduce(1, *)
        /// Where the middle of a kernel lies.
        func place(_ output: Int, _ input: Int) -> Int { output * inputs + input * kernel + kernel / 2 }
        for index in 0..<damp.count * inputs { values[index] *= damp.factor }
        for channel in 0..<copy.count { values[place(channel, channel)] += copy.factor }
        for channel in 0..<split.count {
            // What comes along the skip stands last.
            let input = shape[1] - shape[0] + channel
            values[place(2 * channel, input)] += split.factor
            values[place(2 * channel + 1, input)] -= split.factor
        }
        for channel in 0..<join.count {
            values[place(channel, 2 * channel)] += join.factor
            values[place(channel, 2 * channel + 1)] -= join.factor
        }
        return try Tensor(values, shape: shape)
    }

    private func bias(_ part: WeightRecipe.Part, _ count: Int) throws -> Tensor {
        let drawn = try generator.normal([count]) * 0.05
        if let value = try number("bias", of: part) { return try Tensor.full([count], value) }
        return try drawn * (number("bias-damp", of: part) ?? 1)
    }

    private func number(_ option: String, of part: WeightRecipe.Part) throws -> Double? {
        guard let text = part.options[option] else { return nil }
        guard let number = Double(text) else { throw WeightRecipe.Misfit(line: "\(part.path) \(option)=\(text)") }
        return number
    }

    /// An option such as `8:0.1`: of how many rows or channels, and by what.
    private func pair(_ option: String, of part: WeightRecipe.Part) throws -> (count: Int, factor: Float) {
        guard let text = part.options[option] else { return (0, 0) }
        let words = text.split(separator: ":")
        guard words.count == 2, let count = Int(words[0]), let factor = Double(words[1]) else {
            throw WeightRecipe.Misfit(line: "\(part.path) \(option)=\(text)")
        }
        return (count, Float(factor))
    }
}
