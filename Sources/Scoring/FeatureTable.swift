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
        guard columns > 0, let values = array.dtype.doubles(array.data) else { return nil }
        self.values = values
    }
}
