internal import CFarneback
import Glibc

/// Farnebäck's dense optical flow between pictures of one size, as OpenCV computes it with the settings of AV-Align: three
/// halvings, a window of 15, 3 iterations, expansions of 5 pixels to each side with σ = 1.2.
///
/// The same bits as OpenCV 5 on a processor with AVX2, on every processor, but for what is below 1e-10 pixels. A picture of
/// one row or column has no flow: it is 0. Used by one thread at a time.
///
/// Source: OpenCV `calcOpticalFlowFarneback(…, 0.5, 3, 15, 3, 5, 1.2, 0)`.
package final class OpticalFlow {
    /// What a picture is compared by: polynomials in each pixel, at each level of its pyramid.
    package final class Expansion {
        fileprivate let values: UnsafeMutablePointer<Float>

        /// Nil where there is no memory.
        fileprivate init?(count: Int) {
            guard let memory = malloc(count * MemoryLayout<Float>.stride) else { return nil }
            values = memory.assumingMemoryBound(to: Float.self)
        }

        deinit { free(values) }
    }

    /// Pixels of one picture at most: 2^25, 8192×4096. It takes about 150 bytes for each.
    package static let maximumPixels = 1 << 25

    /// Columns of each picture.
    package let width: Int
    /// Rows of each picture.
    package let height: Int
    private let memory: OpaquePointer

    /// - Throws: ``OpticalFlowError``, `size` for one below 1×1 or of more than ``maximumPixels``.
    package init(width: Int, height: Int) throws(OpticalFlowError) {
        let sides = 1...65_536
        guard sides.contains(width), sides.contains(height), width * height <= Self.maximumPixels else {
            throw .size(width: width, height: height)
        }
        guard let memory = seehear_farneback_make(Int32(width), Int32(height)) else { throw .noMemory }
        self.memory = memory
        self.width = width
        self.height = height
    }

    deinit { seehear_farneback_free(memory) }

    /// - Throws: ``OpticalFlowError``, `unlike` for a picture of another size.
    package func expand(_ picture: GreyImage) throws(OpticalFlowError) -> Expansion {
        guard picture.width == width, picture.height == height else {
            throw .unlike(
                expected: "\(width)×\(height)", found: "\(picture.width)×\(picture.height)")
        }
        guard let expansion = Expansion(count: Int(seehear_farneback_expansion_size(memory))) else { throw .noMemory }
        picture.pixels.withUnsafeBufferPointer { seehear_farneback_expand(memory, $0.baseAddress, expansion.values) }
        return expansion
    }

    /// Where each pixel of one picture is in the next: H × W pixels to the right, and as many downwards.
    package func flow(from first: Expansion, to second: Expansion) -> (right: [Float], down: [Float]) {
        let flow = seehear_farneback_flow(memory, first.values, second.values)
        let count = width * height
        return (
            Array(UnsafeBufferPointer(start: flow.right, count: count)),
            Array(UnsafeBufferPointer(start: flow.down, count: count))
        )
    }

    /// The mean length of the flow from one picture to the next, in pixels.
    package func meanLength(from first: Expansion, to second: Expansion) -> Double {
        _ = seehear_farneback_flow(memory, first.values, second.values)
        return seehear_farneback_mean_length(memory)
    }
}

/// Why there is no optical flow.
package enum OpticalFlowError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A picture that is too small or too large.
    case size(width: Int, height: Int)
    /// A picture of another size than the ones before.
    case unlike(expected: String, found: String)
    /// No memory for it.
    case noMemory

    /// What is in the way.
    package var found: String {
        switch self {
        case .size(let width, let height): "pictures of \(width)×\(height)"
        case .unlike(let expected, let found): "a picture of \(found) after one of \(expected)"
        case .noMemory: "there is no memory for the optical flow"
        }
    }

    /// What would help.
    package var remedy: String {
        switch self {
        case .size: "scale them to at most \(OpticalFlow.maximumPixels) pixels and 65536 to a side"
        case .unlike:
            "write the video with one size throughout, for example with `ffmpeg -i IN -vf scale=320:-2 OUT.mp4`"
        case .noMemory: "run fewer ranks on this node, or scale the pictures down"
        }
    }

    package var description: String { "cannot follow the motion: \(found); \(remedy)" }
}
