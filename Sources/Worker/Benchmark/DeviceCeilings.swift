internal import Foundation
internal import Torch

/// What a device reaches at best, measured, in the precision of a benchmark.
package struct DeviceCeilings: Codable, Sendable, Equatable {
    /// Floating-point operations a second of a large matrix product.
    package let product: Double
    /// Floating-point operations a second of a 3 × 3 convolution of 320 channels.
    package let convolution: Double
    /// Bytes a second that adding two large tensors reads and writes.
    package let memory: Double
    /// Seconds from one operation on a single element to the next.
    package let operation: Double

    private enum CodingKeys: String, CodingKey {
        case product = "product_flops_per_second"
        case convolution = "convolution_flops_per_second"
        case memory = "memory_bytes_per_second"
        case operation = "seconds_per_operation"
    }
}

extension DeviceCeilings {
    /// Measures them, in a second or two.
    init(_ dtype: DType, on device: Device) throws(TorchError) {
        let isHost = device == .cpu
        let clock = FastestTime(device: device)

        let side = isHost ? 2048 : 8192
        let (a, b) = (try Self.waves([side, side], dtype, device), try Self.waves([side, side], dtype, device))
        let products = [
            try clock.seconds { () throws(TorchError) in _ = try a.linear(b) },
            try clock.seconds { () throws(TorchError) in _ = try a.matmul(b) },
        ]
        product = 2 * Double(side * side * side) / (products.min() ?? 0)

        let (samples, channels, edge) = (isHost ? 2 : 32, 320, 64)
        let x = try Self.waves([samples, channels, edge, edge], dtype, device)
        let weight = try Self.waves([channels, channels, 3, 3], dtype, device)
        let (innermost, innermostWeight) = (try x.channelsLast(), try weight.channelsLast())
        let one = [1, 1]
        let convolutions = [
            try clock.seconds { () throws(TorchError) in
                _ = try x.conv(weight, nil, stride: one, padding: one, dilation: one)
            },
            try clock.seconds { () throws(TorchError) in
                _ = try innermost.conv(innermostWeight, nil, stride: one, padding: one, dilation: one)
            },
        ]
        convolution = 2 * Double(samples * edge * edge * channels * channels * 9) / (convolutions.min() ?? 0)

        let elements = isHost ? 16 << 20 : 128 << 20
        let c = try Self.waves([elements], dtype, device)
        memory =
            3 * Double(elements * dtype.byteCount) / (try clock.seconds { () throws(TorchError) in _ = try c + c })

        let (single, repeats) = (try Tensor.zeros([1], dtype: dtype, device: device), 1000)
        let chain = try clock.seconds { () throws(TorchError) in
            for _ in 0..<repeats { _ = try single + single }
        }
        operation = chain / Double(repeats)
    }

    /// Numbers that a multiplier has work with, −1…1.
    private static func waves(_ shape: [Int], _ dtype: DType, _ device: Device) throws(TorchError) -> Tensor {
        let count = shape.reduce(1, *)
        return try Tensor.arange(to: Double(count), device: device).sin().to(dtype).reshape(shape)
    }
}

/// The shortest of several times of the same work.
private struct FastestTime {
    let device: Device

    /// Three times or more, for a third of a second; one before them is not counted.
    func seconds(_ work: () throws(TorchError) -> Void) throws(TorchError) -> Double {
        let clock = ContinuousClock()
        try work()
        try device.synchronize()
        let begun = clock.now
        var fastest = Double.infinity
        var rounds = 0
        while rounds < 3 || (clock.now - begun) / .seconds(1) < 0.3 {
            let start = clock.now
            try work()
            try device.synchronize()
            fastest = min(fastest, (clock.now - start) / .seconds(1))
            rounds += 1
        }
        return fastest
    }
}
