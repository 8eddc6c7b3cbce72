import Evaluation
import TestSupport

@testable import Scoring

/// Rows from the congruential generator.
func drawn(_ seed: UInt64, _ rows: Int, _ columns: Int, times scale: Double = 1, plus shift: Double = 0) -> Matrix {
    var numbers = CongruentialNumbers(seed: seed)
    return Matrix(
        rows: rows, columns: columns, values: (0..<rows * columns).map { _ in numbers.next() * scale + shift })
}

/// The bytes of a `.npy` file as numpy writes it.
func npy(
    _ descr: String, _ shape: String, _ data: [UInt8], version: UInt8 = 1, fortran: Bool = false
) -> [UInt8] {
    let start = version == 1 ? 10 : 12
    var header = Array("{'descr': \(descr), 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }".utf8)
    header += Array(repeating: UInt8(ascii: " "), count: (64 - (start + header.count + 1) % 64) % 64) + [0x0A]
    let length = [UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + (version == 1 ? [] : [0, 0])
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + header + data
}

/// The same of a table in double precision.
func npy(_ table: Matrix, version: UInt8 = 1) -> [UInt8] {
    npy("'<f8'", "(\(table.rows), \(table.columns))", bytes(table.values) { $0.bitPattern }, version: version)
}

func bytes<Bits: FixedWidthInteger>(_ values: [Double], _ bits: (Double) -> Bits) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: bits(value).littleEndian, Array.init) }
}

func lines(_ names: [String]) -> String { names.map { $0 + "\n" }.joined() }

extension TemporaryFolder {
    /// Features and names as another tool leaves them.
    func features(_ name: String, _ array: [UInt8], _ names: [String]) throws -> FeatureFile {
        try FeatureFile(write(array, to: "\(name).npy"), names: write(lines(names), to: "\(name).txt"))
    }
}
