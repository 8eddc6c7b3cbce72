internal import Torch

/// Power spectra of windows whose middles lie on every `hop`-th sample, the first on the first: the sound is mirrored at both
/// ends. In double precision.
///
/// Source: `torch.stft(center=True, pad_mode="reflect")`, squared.
struct CentredSpectrum: Sendable {
    private let length: Int
    private let hop: Int
    private let window: Tensor

    /// - Parameters:
    ///   - length: samples of the transform.
    ///   - window: at most as many numbers, put in the middle.
    init(length: Int, hop: Int, window: [Double]) throws(TorchError) {
        self.length = length
        self.hop = hop
        let before = (length - window.count) / 2
        let after = length - window.count - before
        let padded = Array(repeating: 0, count: before) + window + Array(repeating: 0, count: after)
        self.window = try Tensor(padded, shape: [1, length])
    }

    /// - Parameter samples: more than half of the transform's length.
    /// - Returns: `[1 + samples / hop, length / 2 + 1]`.
    func callAsFunction(_ samples: [Double]) throws(TorchError) -> Tensor {
        let reach = length / 2
        guard samples.count > reach else {
            throw .refused(
                operation: "a spectrum", message: "\(samples.count) samples, and more than \(reach) are needed")
        }
        let mirrored =
            samples[1...reach].reversed() + samples
            + samples[(samples.count - 1 - reach)..<(samples.count - 1)].reversed()
        let frames = try Tensor(Array(mirrored), shape: [mirrored.count]).unfold(0, size: length, step: hop)
        return try (frames * window).powerSpectrum(length: length)
    }
}
