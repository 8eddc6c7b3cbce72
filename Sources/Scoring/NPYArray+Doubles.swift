internal import Shard

extension NPYArray.DType {
    /// Elements that lie one after the other, in double precision; nil for whole numbers.
    /// - Parameter bytes: little-endian, as many as the elements have.
    func doubles(_ bytes: [UInt8]) -> [Double]? {
        switch self {
        case .float16: Self.elements(bytes) { (bits: UInt16) in Double(Float16(bitPattern: bits)) }
        case .float32: Self.elements(bytes) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
        case .float64: Self.elements(bytes) { (bits: UInt64) in Double(bitPattern: bits) }
        case .int64, .uint8: nil
        }
    }

    private static func elements<Bits: FixedWidthInteger>(_ bytes: [UInt8], _ number: (Bits) -> Double) -> [Double] {
        let size = MemoryLayout<Bits>.size
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / size).map {
                number(Bits(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * size, as: Bits.self)))
            }
        }
    }
}
