/// Where the kernel of a convolution or a pooling is laid so that the result has a place for every `stride` of its input, begun
/// ones included: TensorFlow's padding "SAME". Half of the places that are missing, rounded down, lie before the input and the rest
/// behind it.
struct SamePlaces: Sendable {
    /// One number for each dimension behind the channels.
    let kernel: [Int]
    /// One number for each dimension behind the channels.
    let stride: [Int]

    init(_ kernel: [Int], stride: [Int]) {
        self.kernel = kernel
        self.stride = stride
    }

    /// How many places are missing before and behind an input of these sizes.
    func padding(_ sizes: [Int]) -> [(before: Int, after: Int)] {
        sizes.indices.map { index in
            let rest = sizes[index] % stride[index]
            let missing = max(kernel[index] - (rest == 0 ? stride[index] : rest), 0)
            return (missing / 2, missing - missing / 2)
        }
    }
}
