internal import Shard

/// The numbers of a `.npy` array, `[values]` as one row or `[rows, values]`.
struct FeatureTable {
    let rows: Int
    let columns: Int
    let values: [Double]

    /// Nil for arrays of other ranks, without values, or of whole numbers.
    init?(_ array: NPYArray) {
        switch array.shape.count {
        case 1: (rows, columns) = (1, array.shape[0])
        case 2: (rows, columns) = (array.shape[0], array.shape[1])
        default: return nil
        }
        guard columns > 0 else { return nil }
        let data = array.data
        func bits<Bits: FixedWidthInteger>(_ at: Int, _ type: Bits.Type) -> Bits {
            let start = at * MemoryLayout<Bits>.size
            return (0..<MemoryLayout<Bits>.size).reduce(0) { $0 | Bits(data[start + $1]) << Bits(8 * $1) }
        }
        switch array.dtype {
        case .float32: values = (0..<rows * columns).map { Double(Float(bitPattern: bits($0, UInt32.self))) }
        case .float16: values = (0..<rows * columns).map { Double(Float16(bitPattern: bits($0, UInt16.self))) }
        case .int64, .uint8: return nil
        }
    }
}
