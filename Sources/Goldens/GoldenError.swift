/// Why a golden cannot be compared with.
package enum GoldenError: Error, CustomStringConvertible {
    /// Ours has another number of elements than the golden tensor.
    case size(name: String, shape: [Int], kept: Int, golden: Int)
    /// A file says something that no program of this project wrote.
    case unreadable(path: String, reason: String)

    package var description: String {
        switch self {
        case .size(let name, let shape, let kept, let golden):
            "\(name): the shape \(shape) leaves \(kept) elements to compare, and the golden has \(golden)"
        case .unreadable(let path, let reason): "\(path): \(reason)"
        }
    }
}
