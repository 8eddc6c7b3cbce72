/// A matrix of double precision, row after row; of features, one row for each sample (or patch, or clip).
package struct Matrix: Sendable, Equatable {
    /// How many rows; may be 0.
    package let rows: Int
    /// How many columns.
    package let columns: Int
    /// `rows · columns` values, row after row.
    package private(set) var values: [Double]

    /// - Parameter values: `rows · columns` values, row after row.
    package init(rows: Int, columns: Int, values: [Double]) {
        precondition(rows >= 0 && columns >= 0 && values.count == rows * columns, "a matrix has rows · columns values")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// Zeros.
    package init(rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns, values: [Double](repeating: 0, count: rows * columns))
    }

    /// One value.
    package subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    /// The values of one row.
    package subscript(row: Int) -> ArraySlice<Double> { values[row * columns..<(row + 1) * columns] }

    /// The rows of a range, as a matrix.
    package subscript(rows range: Range<Int>) -> Matrix {
        Matrix(
            rows: range.count, columns: columns,
            values: Array(values[range.lowerBound * columns..<range.upperBound * columns]))
    }

    /// The named rows, in the order of the names.
    package func rows(_ names: some Collection<Int>) -> Matrix {
        var picked: [Double] = []
        picked.reserveCapacity(names.count * columns)
        for name in names { picked += self[name] }
        return Matrix(rows: names.count, columns: columns, values: picked)
    }

    /// The rows of several matrices of equal width, one matrix after the other.
    package static func concatenated(_ parts: [Matrix], columns: Int) -> Matrix {
        Matrix(rows: parts.reduce(0) { $0 + $1.rows }, columns: columns, values: parts.flatMap(\.values))
    }

    /// The mean of each column; zeros where there is no row.
    package var columnMeans: [Double] {
        var sums = [Double](repeating: 0, count: columns)
        for row in 0..<rows {
            for (column, value) in self[row].enumerated() { sums[column] += value }
        }
        return rows == 0 ? sums : sums.map { $0 / Double(rows) }
    }

    /// The rows, each less a vector of `columns` values.
    package func less(_ vector: [Double]) -> Matrix {
        var result = self
        result.values.withUnsafeMutableBufferPointer { to in
            for row in 0..<rows {
                for column in 0..<columns { to[row * columns + column] -= vector[column] }
            }
        }
        return result
    }

    /// The rows, each times a number of its own.
    func scaled(_ factors: [Double]) -> Matrix {
        var result = self
        result.values.withUnsafeMutableBufferPointer { to in
            for row in 0..<rows {
                for column in 0..<columns { to[row * columns + column] *= factors[row] }
            }
        }
        return result
    }

    /// The sum of the diagonal.
    package var trace: Double { (0..<min(rows, columns)).reduce(0) { $0 + self[$1, $1] } }

    /// The sum of the squares of each row.
    var squaredLengths: [Double] { (0..<rows).map { self[$0].reduce(0) { $0 + $1 * $1 } } }

    /// The row and column of the first value that is NaN or infinite.
    package var firstNonFinite: (row: Int, column: Int)? {
        values.firstIndex { !$0.isFinite }.map { ($0 / columns, $0 % columns) }
    }
}
