import COpenBLAS
import Glibc

/// BLAS and LAPACK of the library that was opened, as functions. `cblas_*` take their signatures from the header;
/// LAPACK's are Fortran's: everything by address, and the lengths of texts at the end.
struct OpenBLASFunctions: @unchecked Sendable {
    typealias Multiply =
        @convention(c) (
            CBLAS_ORDER, CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, CInt, CInt, CInt, Double, UnsafePointer<Double>?, CInt,
            UnsafePointer<Double>?, CInt, Double, UnsafeMutablePointer<Double>?, CInt
        ) -> Void
    typealias SymmetricEigen =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CInt>, UnsafeMutablePointer<Double>,
            UnsafePointer<CInt>, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, UnsafePointer<CInt>,
            UnsafeMutablePointer<CInt>, UnsafePointer<CInt>, UnsafeMutablePointer<CInt>, Int, Int
        ) -> Void
    typealias SingularValues =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CInt>, UnsafePointer<CInt>, UnsafeMutablePointer<Double>,
            UnsafePointer<CInt>, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>?, UnsafePointer<CInt>,
            UnsafeMutablePointer<Double>?, UnsafePointer<CInt>, UnsafeMutablePointer<Double>, UnsafePointer<CInt>,
            UnsafeMutablePointer<CInt>, UnsafeMutablePointer<CInt>, Int
        ) -> Void

    let multiply: Multiply
    let symmetricEigen: SymmetricEigen
    let singularValues: SingularValues

    /// Nil where the library lacks one of them.
    init?(_ handle: UnsafeMutableRawPointer) {
        guard let multiply = dlsym(handle, "cblas_dgemm"), let eigen = dlsym(handle, "dsyevd_"),
            let singular = dlsym(handle, "dgesdd_")
        else { return nil }
        self.multiply = unsafeBitCast(multiply, to: Multiply.self)
        symmetricEigen = unsafeBitCast(eigen, to: SymmetricEigen.self)
        singularValues = unsafeBitCast(singular, to: SingularValues.self)
    }
}

extension OpenBLAS {
    /// `a · bᵀ`: all inner products of the rows of two matrices of equal width.
    package func products(_ a: Matrix, _ b: Matrix) -> Matrix {
        precondition(a.columns == b.columns, "rows of unlike width have no inner product")
        return multiplied(
            a, b, rows: a.rows, columns: b.rows, inner: a.columns, transposingA: false, transposingB: true)
    }

    /// `aᵀ · a`, `[columns, columns]`.
    package func gram(_ a: Matrix) -> Matrix {
        multiplied(a, a, rows: a.columns, columns: a.columns, inner: a.rows, transposingA: true, transposingB: false)
    }

    private func multiplied(
        _ a: Matrix, _ b: Matrix, rows: Int, columns: Int, inner: Int, transposingA: Bool, transposingB: Bool
    ) -> Matrix {
        guard rows > 0, columns > 0, inner > 0 else { return Matrix(rows: rows, columns: columns) }
        let values = [Double](unsafeUninitializedCapacity: rows * columns) { to, count in
            a.values.withUnsafeBufferPointer { a in
                b.values.withUnsafeBufferPointer { b in
                    functions.multiply(
                        CblasRowMajor, transposingA ? CblasTrans : CblasNoTrans,
                        transposingB ? CblasTrans : CblasNoTrans, CInt(rows), CInt(columns), CInt(inner), 1,
                        a.baseAddress, CInt(transposingA ? rows : inner), b.baseAddress,
                        CInt(transposingB ? inner : columns), 0, to.baseAddress, CInt(columns))
                }
            }
            count = rows * columns
        }
        return Matrix(rows: rows, columns: columns, values: values)
    }

    /// Eigenvalues of a symmetric matrix in ascending order, and its eigenvectors as the rows of a matrix, in that order.
    /// - Throws: ``StatisticsError/noConvergence(_:)``.
    package func eigen(ofSymmetric matrix: Matrix) throws(StatisticsError) -> (values: [Double], vectors: Matrix) {
        precondition(matrix.rows == matrix.columns, "a symmetric matrix is square")
        guard matrix.rows > 0 else { return ([], matrix) }
        var n = CInt(matrix.rows)
        var vectors = matrix.values
        var values = [Double](repeating: 0, count: matrix.rows)
        var status: CInt = 0
        // Asked first how much room it wants, then run.
        var wanted: (Double, CInt) = (0, 0)
        var query: CInt = -1
        functions.symmetricEigen(
            "V", "L", &n, &vectors, &n, &values, &wanted.0, &query, &wanted.1, &query, &status, 1, 1)
        var (length, integers) = (CInt(wanted.0), wanted.1)
        var work = [Double](repeating: 0, count: Int(length))
        var integerWork = [CInt](repeating: 0, count: Int(integers))
        functions.symmetricEigen(
            "V", "L", &n, &vectors, &n, &values, &work, &length, &integerWork, &integers, &status, 1, 1)
        guard status == 0 else { throw .noConvergence("the eigenvalues of a covariance") }
        // Fortran's columns are rows here.
        return (values, Matrix(rows: matrix.rows, columns: matrix.rows, values: vectors))
    }

    /// Singular values in descending order.
    /// - Throws: ``StatisticsError/noConvergence(_:)``.
    package func singularValues(of matrix: Matrix) throws(StatisticsError) -> [Double] {
        let count = min(matrix.rows, matrix.columns)
        guard count > 0 else { return [] }
        // Fortran sees the transposed matrix, which has the same ones.
        var (m, n) = (CInt(matrix.columns), CInt(matrix.rows))
        var a = matrix.values
        var values = [Double](repeating: 0, count: count)
        var integers = [CInt](repeating: 0, count: 8 * count)
        var (one, status): (CInt, CInt) = (1, 0)
        var (wanted, query): (Double, CInt) = (0, -1)
        functions.singularValues(
            "N", &m, &n, &a, &m, &values, nil, &one, nil, &one, &wanted, &query, &integers, &status, 1)
        var length = CInt(wanted)
        var work = [Double](repeating: 0, count: Int(length))
        functions.singularValues(
            "N", &m, &n, &a, &m, &values, nil, &one, nil, &one, &work, &length, &integers, &status, 1)
        guard status == 0 else { throw .noConvergence("the singular values of two sets' covariances") }
        return values
    }
}
